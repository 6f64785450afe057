/**
 * An engine on relaxed SIMD instructions, which round as the machine likes.
 *
 * @module
 */

export { createRelaxedEngine } from "./engine/wasm/relaxed-engine.ts";
