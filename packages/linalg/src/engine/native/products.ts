import type { Real } from "../../matrix/real.ts";
import type { Engine } from "../engine.ts";
import type { Heap } from "../heap.ts";
import { Staging } from "../wasm/staging.ts";
import { AS_IT_IS, type Blas, LOWER, ROW_MAJOR, TRANSPOSED } from "./blas.ts";

/**
 * The products of an engine by a BLAS. Libraries differ in the special cases of the contract (OpenBLAS 0.3.21 multiplies NaN by an alpha
 * of 0 on some processors), so those are decided here: the library is asked for C ← alpha op(A) op(B) + beta C with at least one row,
 * column and term, alpha ≠ 0, and beta ≠ 0.
 */
export function products(blas: Blas, heap: Heap): Pick<Engine, "gemm" | "gram"> {
  const widened = new Staging(heap);
  return {
    gemm(transA, transB, m, n, k, alpha, a, aOffset, lda, b, bOffset, ldb, beta, c, cOffset, ldc) {
      const isProductZero = alpha === 0 || k === 0;
      if (isProductZero || beta === 0) scaleRows(m, n, beta, c, cOffset, ldc);
      if (isProductZero || m === 0 || n === 0) return;
      const [opA, opB] = [transA ? TRANSPOSED : AS_IT_IS, transB ? TRANSPOSED : AS_IT_IS];
      const gemm = blas.gemm[c.BYTES_PER_ELEMENT as 4 | 8];
      const [left, right, out] = [from(a, aOffset), from(b, bOffset), from(c, cOffset)];
      gemm(ROW_MAJOR, opA, opB, m, n, k, alpha, left, lda, right, ldb, beta === 0 ? 1 : beta, out, ldc);
    },
    gram(trans, n, k, a, aOffset, lda, c, cOffset, ldc) {
      scaleRows(n, n, 0, c, cOffset, ldc);
      if (n === 0 || k === 0) return;
      const [rows, cols] = trans ? [k, n] : [n, k];
      const single = a.BYTES_PER_ELEMENT === 4;
      const operand = single ? widen(widened, heap, rows, cols, a, aOffset, lda) : from(a, aOffset);
      const ld = single ? cols : lda;
      blas.syrk(ROW_MAJOR, LOWER, trans ? TRANSPOSED : AS_IT_IS, n, k, 1, operand, ld, 1, from(c, cOffset), ldc);
      for (let i = 1; i < n; i++) {
        for (let j = 0; j < i; j++) c[cOffset + j * ldc + i] = c[cOffset + i * ldc + j]!;
      }
    },
  };
}

const from = (array: Real, offset: number): Real => (offset === 0 ? array : array.subarray(offset));

/** C ← beta C, m × n; beta = 0 ignores what C held. */
function scaleRows(m: number, n: number, beta: number, c: Real, offset: number, ldc: number): void {
  if (beta === 1) return;
  if (beta === 0 && ldc === n) {
    c.fill(0, offset, offset + m * n);
    return;
  }
  for (let i = 0, row = offset; i < m; i++, row += ldc) {
    if (beta === 0) c.fill(0, row, row + n);
    else for (let at = row; at < row + n; at++) c[at] = beta * c[at]!;
  }
}

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
