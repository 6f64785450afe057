import { UnsupportedError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import type { Heap, HeapOptions } from "../heap.ts";
import { createWasmEngine } from "../wasm/wasm-engine.ts";
import { type Blas, loadBlas } from "./blas.ts";
import { brokenClause } from "./clause.ts";
import { openLapack } from "./lapack.ts";
import { lapackClauses } from "./lapack-clauses.ts";
import { productClauses } from "./product-clauses.ts";
import { products } from "./products.ts";

/**
 * An engine for Node whose products run in the system's BLAS, and in its LAPACK, if the library has one, the factorizations by reflectors
 * and elimination, Schur forms, symmetric eigenproblems and most singular value decompositions; on the same memory as everything else,
 * which stays with the `wasm` engine. No operand is copied, wherever it lies, but float32 ones of `gram`, which are widened, and those that
 * LAPACK needs in columns.
 *
 * The library is checked against the engine's contract first, in a few milliseconds. Bits differ between machines and libraries. The
 * library's own environment variables (such as OPENBLAS_NUM_THREADS) hold.
 *
 * @param heap - options of a new heap, or a heap to share with other engines and modules.
 * @throws {UnsupportedError} without the package `koffi`, without a BLAS (see SUMO_BLAS), for a library that breaks the contract (the
 * message names the library and the clause), or without WebAssembly SIMD.
 */
export function createNativeEngine(heap: Heap | HeapOptions = {}): Engine {
  return engineOn(loadBlas(), heap);
}

/** The engine on a library that is open. @throws {UnsupportedError} if the library breaks the contract. */
export function engineOn(blas: Blas, heap: Heap | HeapOptions): Engine {
  const wasm = createWasmEngine(heap);
  const lapack = openLapack(blas, wasm);
  const name = `native (${blas.name}${lapack === undefined ? ", without LAPACK" : ""})`;
  const engine = { ...wasm, name, ...products(blas, wasm.heap), ...(lapack && { lapack }) };
  const broken = brokenClause([...productClauses, ...lapackClauses], engine);
  if (broken === undefined) return engine;
  throw new UnsupportedError(
    "createNativeEngine",
    `expected a BLAS that keeps the engine's contract; ${blas.name} breaks ${broken}. Name another library in SUMO_BLAS`,
  );
}
