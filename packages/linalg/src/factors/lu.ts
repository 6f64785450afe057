import { checkMatrix, type Matrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled } from "../memory/scale.ts";
import { allOf, sizeOfFloat64, sizeOfInt32 } from "../memory/workspace.ts";
import { factorLu } from "../solve/lu.ts";

/** Factors of {@link lu}. */
export interface LU<D extends Real = Real> {
  /** m × min(m, n): ones on the diagonal, zeros above, nothing below exceeds one in magnitude. */
  readonly l: Matrix<D>;
  /** min(m, n) × n, upper triangular. */
  readonly u: Matrix<D>;
  /** Row i of l u is row pivots[i] of a. */
  readonly pivots: Int32Array;
}

/**
 * LU factorization with partial pivoting, a[pivots, :] = l u, in float64 inside; {@link luFactor} solves systems by one.
 *
 * @param a - m × n, any strides, any rank.
 * @throws {NonFiniteError} @throws {OverflowError} if u is outside the range of the dtype.
 * Accuracy: ‖a[pivots] − l u‖ ≤ c n ε ‖l‖ ‖u‖, where u may have grown. Cost: mn² − n³/3 flops (m ≥ n).
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §3.4.
 *
 * @example
 * const { l, u, pivots } = lu(fromRows([[1, 2], [2, 2]])); // l = [[1, 0], [0.5, 1]], u = [[2, 2], [0, 1]], pivots = [1, 0]
 */
export function lu<D extends Real>(a: MatrixLike<D>): LU<D> {
  checkMatrix("lu", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const k = Math.min(m, n);
  largest("lu", a);
  const [l, u] = [zerosLike("lu", a, m, k), zerosLike("lu", a, k, n)];
  const pivots = Int32Array.from({ length: m }, (_, i) => i);
  withWorkspace("lu", allOf(sizeOfFloat64(m * n), sizeOfInt32(k)), (work) => {
    const x = packScaled(work.engine, work.float64(m * n), a, 1);
    const exchanges = work.int32(k);
    factorLu(n, x, exchanges, work, m);
    checkRange("lu", work.engine.largest(m * n, x, 0), 1, u.data);
    exchanges.forEach((other, i) => {
      [pivots[i], pivots[other]] = [pivots[other]!, pivots[i]!];
    });
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        if (j < i) l.data[i * k + j] = x[i * n + j]!;
        else if (i < k) u.data[i * n + j] = x[i * n + j]!;
      }
      if (i < k) l.data[i * k + i] = 1;
    }
  });
  return { l, u, pivots };
}
