import type { Heap, HeapOptions } from "../../heap.ts";
import type { Real } from "../../matrix.ts";
import type { Engine } from "../engine.ts";
import { Staging } from "../wasm/staging.ts";
import { createWasmEngine } from "../wasm/wasm-engine.ts";
import { AS_IT_IS, type Blas, LOWER, loadBlas, ROW_MAJOR, TRANSPOSED } from "./blas.ts";
import { openLapack } from "./lapack.ts";

/**
 * An engine for Node whose products run in the system's BLAS, and its factorizations by reflectors, symmetric eigenproblems and most
 * singular value decompositions in its LAPACK if the library has one; on the same memory as everything else, which stays with the
 * `wasm` engine. No operand is copied, wherever it lies, but float32 ones of `gram`, which are widened.
 *
 * Bits differ between machines and libraries. The library's own environment variables (such as OPENBLAS_NUM_THREADS) hold.
 *
 * @param heap - options of a new heap, or a heap to share with other engines and modules.
 * @throws {UnsupportedError} without the package `koffi`, without a BLAS (see SUMO_BLAS), or without WebAssembly SIMD.
 */
export function createNativeEngine(heap: Heap | HeapOptions = {}): Engine {
  const blas = loadBlas();
  const wasm = createWasmEngine(heap);
  const lapack = openLapack(blas.library, wasm);
  const name = `native (${blas.name}${lapack === undefined ? ", without LAPACK" : ""})`;
  return { ...wasm, name, ...products(blas, wasm.heap), ...(lapack && { lapack }) };
}

function products(blas: Blas, heap: Heap): Pick<Engine, "gemm" | "gram"> {
  const widened = new Staging(heap);
  return {
    gemm(transA, transB, m, n, k, alpha, a, aOffset, lda, b, bOffset, ldb, beta, c, cOffset, ldc) {
      if (m === 0 || n === 0) return;
      const [opA, opB] = [transA ? TRANSPOSED : AS_IT_IS, transB ? TRANSPOSED : AS_IT_IS];
      const gemm = blas.gemm[c.BYTES_PER_ELEMENT as 4 | 8];
      const [left, right, out] = [from(a, aOffset), from(b, bOffset), from(c, cOffset)];
      gemm(ROW_MAJOR, opA, opB, m, n, k, alpha, left, lda, right, ldb, beta, out, ldc);
    },
    gram(trans, n, k, a, aOffset, lda, c, cOffset, ldc) {
      if (n === 0) return;
      const [rows, cols] = trans ? [k, n] : [n, k];
      const single = a.BYTES_PER_ELEMENT === 4;
      const operand = single ? widen(widened, heap, rows, cols, a, aOffset, lda) : from(a, aOffset);
      const ld = single ? Math.max(1, cols) : lda;
      blas.syrk(ROW_MAJOR, LOWER, trans ? TRANSPOSED : AS_IT_IS, n, k, 1, operand, ld, 0, from(c, cOffset), ldc);
      for (let i = 1; i < n; i++) {
        for (let j = 0; j < i; j++) c[cOffset + j * ldc + i] = c[cOffset + i * ldc + j]!;
      }
    },
  };
}

const from = (array: Real, offset: number): Real => (offset === 0 ? array : array.subarray(offset));

/** A packed float64 copy in the heap. */
function widen(
  staging: Staging,
  heap: Heap,
  rows: number,
  cols: number,
  a: Real,
  offset: number,
  ld: number,
): Float64Array {
  const copy = new Float64Array(heap.memory.buffer, staging.scratch(8 * rows * cols), rows * cols);
  for (let i = 0; i < rows; i++) copy.set(a.subarray(offset + i * ld, offset + i * ld + cols), i * cols);
  return copy;
}
