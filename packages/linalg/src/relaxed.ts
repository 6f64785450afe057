export { createRelaxedEngine } from "./engine/wasm/relaxed-engine.ts";
