import { describeBits, describeEngine } from "@sumo/testing";
import { createWasmEngine } from "./wasm/wasm-engine.ts";

const heap = { bytes: 2 ** 26 };

// On the page's main thread: the module compiles at once there.
describeEngine("wasm", () => createWasmEngine(heap));
describeBits("wasm", () => createWasmEngine(heap));
