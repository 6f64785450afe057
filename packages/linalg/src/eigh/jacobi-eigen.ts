import { NotConvergedError } from "../errors.ts";
import type { Workspace } from "../memory/workspace.ts";
import { sortRows } from "../rows/sort-rows.ts";

const EPS = Number.EPSILON;
/** Six to ten suffice for random matrices; convergence is quadratic at the end. */
const MAX_SWEEPS = 30;

/**
 * Spectrum of the packed symmetric n × n matrix `a` by two-sided Jacobi: eigenvalues, descending, to `values`; the rows of packed `z` (n × n),
 * if it is given, are rotated along: from those of the identity they become the eigenvectors, from those of V₀ᵀ the eigenvectors of V₀ A V₀ᵀ.
 * `a` is spoiled.
 *
 * A pair counts as done when |a_pq| ≤ ε √|a_pp a_qq|, relative to its own diagonal elements and not to the whole matrix.
 *
 * @throws {NotConvergedError}
 * @see Golub and Van Loan, Matrix Computations (2013), §8.5; Demmel and Veselić, Jacobi's method is more accurate than QR (1992).
 */
export function jacobiEigen(
  operation: string,
  n: number,
  a: Float64Array,
  values: Float64Array,
  z: Float64Array | undefined,
  { engine }: Workspace,
): void {
  const [m, rows] = z === undefined ? [0, a] : [n, z];
  for (let sweep = 0; ; sweep++) {
    const largest = engine.jacobiEigenSweep(n, EPS, a, 0, n, m, rows, 0, n);
    if (largest === 0) break;
    if (sweep === MAX_SWEEPS) throw new NotConvergedError(operation, { iterations: sweep, residual: largest });
  }
  for (let i = 0; i < n; i++) values[i] = a[i * n + i]!;
  if (z === undefined) sortRows(n, values);
  else sortRows(n, values, z);
}
