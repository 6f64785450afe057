import { describeEngine } from "@sumo/testing";
import { createRelaxedEngine } from "./relaxed-engine.ts";

describeEngine("wasm, relaxed", () => createRelaxedEngine({ bytes: 2 ** 26 }));
