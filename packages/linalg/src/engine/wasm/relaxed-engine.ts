import type { Engine } from "../engine.ts";
import { Heap, type HeapOptions } from "../heap.ts";
import { instantiateKernels } from "./instantiate.ts";
import type { Kernels } from "./kernels.ts";
import { wasmDeflated } from "./relaxed-kernels.generated.ts";
import { assembleEngine } from "./wasm-engine.ts";

/**
 * The `wasm` engine with products in relaxed SIMD: multiply and add is one instruction where the machine has one, rounded once there and
 * twice elsewhere. Faster in some runtimes and on some machines; **its bits are those of one machine**, where the default engine's are
 * the same on all.
 *
 * @param heap - options of a new heap, or a heap to share with other engines and modules.
 * @throws {UnsupportedError} where WebAssembly has no relaxed SIMD (Node 20).
 */
export function createRelaxedEngine(heap: Heap | HeapOptions = {}): Engine {
  const own = heap instanceof Heap ? heap : new Heap(heap);
  return assembleEngine("wasm, relaxed", instantiateKernels<Kernels>(wasmDeflated, own, "relaxed SIMD"), own);
}
