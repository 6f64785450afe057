import { UnsupportedError } from "../errors.ts";
import { checkEngine } from "./check-engine.ts";
import type { Engine } from "./engine.ts";
import { createReferenceEngine } from "./reference/reference-engine.ts";
import { createWasmEngine } from "./wasm/wasm-engine.ts";

let engine: Engine | undefined;

/** Makes `next` the engine of every routine that is not given a workspace. @throws {ArgumentError} */
export function useEngine(next: Engine): void {
  checkEngine("useEngine", next);
  engine = next;
}

/**
 * The engine in use. If none was chosen, the first call makes a `wasm` engine with default options; where its instructions are missing
 * it makes a `reference` engine and says so with a warning.
 */
export function currentEngine(): Engine {
  engine ??= defaultEngine();
  return engine;
}

function defaultEngine(): Engine {
  try {
    return createWasmEngine();
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    console.warn(`@sumo/linalg: ${error.message}; using the reference engine, which is slow`);
    return createReferenceEngine();
  }
}
