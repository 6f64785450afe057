import { UnsupportedError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import type { HeapOptions } from "../heap.ts";
import { createWasmEngine } from "../wasm/wasm-engine.ts";
import { createNativeEngine } from "./native-engine.ts";

/** Options of {@link createAutoEngine}. */
export interface AutoEngineOptions {
  readonly heap?: HeapOptions;
  /** Receives the name of the chosen engine and the reason. Default: a line on standard error. */
  readonly announce?: (message: string) => void;
}

/**
 * The fastest engine that this machine has: the `native` one where its library is found, else the `wasm` one. Says which.
 *
 * @throws {UnsupportedError} where WebAssembly has no SIMD instructions.
 */
export function createAutoEngine({
  heap = {},
  announce = (message) => console.warn(`@sumo/linalg: ${message}`),
}: AutoEngineOptions = {}): Engine {
  try {
    const engine = createNativeEngine(heap);
    announce(`engine ${engine.name}`);
    return engine;
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    const engine = createWasmEngine(heap);
    announce(`engine ${engine.name}, because ${error.message}`);
    return engine;
  }
}
