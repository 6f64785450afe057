import { NotConvergedError } from "../errors.ts";
import { powerOfTwo, scaleBy } from "../memory/scale.ts";
import { sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { sortRows } from "../rows/sort-rows.ts";

const EPS = Number.EPSILON;
/** Ten suffice for random matrices without any preconditioning; convergence is quadratic. */
const MAX_SWEEPS = 30;
/** Rows shorter than this times the longest are zero: their squares, of a matrix near one, vanish. */
export const NEGLIGIBLE: number = 2 ** -500;

/**
 * One-sided Jacobi: finds the orthogonal J for which the rows of J X are orthogonal, and applies it to packed `x` (k × n) and
 * `z` (k × m, which receives the same rotations; pass the identity to get J). On exit `lengths` has the rows' norms, which are the singular
 * values, descending; row i of `x` is σ_i vᵢᵀ.
 *
 * Each σ comes out with a relative error of the order of ε times the condition of X after scaling its columns,
 * which a bidiagonal method cannot give.
 *
 * @see Drmač and Veselić, New fast and accurate Jacobi SVD algorithm (2008); de Rijk (1989) for the pivoting.
 */
export function orthogonalizeRows(
  operation: string,
  k: number,
  n: number,
  x: Float64Array,
  lengths: Float64Array,
  m: number,
  z: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const squares = work.float64(k);
    const unit = Math.min(1, powerOfTwo(work.engine.largest(x.length, x, 0)));
    scaleBy(x, 1 / unit);
    const tolerance = EPS * Math.sqrt(Math.max(1, n));
    for (let sweep = 0; ; sweep++) {
      rowSquares(k, n, x, squares);
      const cosine = work.engine.jacobiSweep(k, n, tolerance, x, 0, n, squares, m, z, 0, m);
      if (cosine === 0) break;
      if (sweep === MAX_SWEEPS) throw new NotConvergedError(operation, { iterations: sweep, residual: cosine });
    }
    scaleBy(x, unit);
    for (let i = 0; i < k; i++) lengths[i] = unit * Math.sqrt(squares[i]!);
    sortRows(k, lengths, x, z);
  });
}

/** Squared norms of the rows. Negligible rows become zero: their underflowed squares do not determine a rotation angle. */
function rowSquares(k: number, n: number, x: Float64Array, squares: Float64Array): void {
  for (let i = 0, at = 0; i < k; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++, at++) sum += x[at]! * x[at]!;
    squares[i] = sum;
  }
  const least = NEGLIGIBLE ** 2 * squares.reduce((most, square) => Math.max(most, square), 0);
  for (let i = 0; i < k; i++) {
    if (squares[i]! >= least) continue;
    squares[i] = 0;
    x.fill(0, i * n, (i + 1) * n);
  }
}

export const orthogonalizeRowsWorkspace = (k: number): WorkspaceSize => sizeOfFloat64(k);
