/**
 * Engines on the BLAS and LAPACK of the machine, in Node.
 *
 * @module
 */

export { type AutoEngineOptions, createAutoEngine } from "./engine/native/auto-engine.ts";
export { createNativeEngine } from "./engine/native/native-engine.ts";
