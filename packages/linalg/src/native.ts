export { type AutoEngineOptions, createAutoEngine } from "./engine/native/auto-engine.ts";
export { createNativeEngine } from "./engine/native/native-engine.ts";
