import type { Engine } from "./engine.ts";
import { createWasmEngine } from "./wasm/wasm-engine.ts";

let engine: Engine | undefined;

/** Makes `next` the engine of every routine that is not given a workspace. */
export function useEngine(next: Engine): void {
  engine = next;
}

/** The engine in use; a `wasm` engine with default options is made on the first call if none was chosen. */
export function currentEngine(): Engine {
  engine ??= createWasmEngine();
  return engine;
}
