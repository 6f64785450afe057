import { describeBits, describeEngine } from "@sumo/testing";
import { createReferenceEngine } from "./reference/reference-engine.ts";
import { createWasmEngine } from "./wasm/wasm-engine.ts";

const heap = { bytes: 2 ** 26 };

describeEngine("reference", () => createReferenceEngine(heap));
describeEngine("wasm", () => createWasmEngine(heap));
describeEngine("wasm on shared memory", () => createWasmEngine({ ...heap, shared: true }));

describeBits("wasm", () => createWasmEngine(heap));
