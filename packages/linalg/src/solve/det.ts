import { checkSquare } from "../matrix/checks.ts";
import type { MatrixLike } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo, scaleBy, timesPowerOfTwo } from "../memory/scale.ts";
import {
  allOf,
  checkWorkspace,
  sizeOfFloat64,
  sizeOfInt32,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { factorLu } from "./lu.ts";

/**
 * Determinant, by Gaussian elimination with partial pivoting in float64. 1 for an empty matrix.
 *
 * @param a - n × n, any strides.
 * @param work - at least {@link detWorkspace} bytes; taken for the call if left out.
 * @returns a float64; Infinity or 0 only if the determinant itself lies outside its range.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError}
 * Accuracy: the exact determinant of a matrix within c n ε₆₄ of `a`, row by row. Cost: (2/3)n³ flops.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), §14.6.
 *
 * @example
 * det(fromRows([[0, 1], [1, 0]])); // -1
 */
export function det(a: MatrixLike, work?: Workspace): number {
  const n = checkSquare("det", a);
  if (work === undefined) return withWorkspace("det", detWorkspace(n), (own) => det(a, own));
  checkWorkspace("det", work);
  largest("det", a, work.engine);
  return work.scope(() => {
    const lu = packScaled(work.engine, work.float64(n * n), a, 1);
    const pivots = work.int32(n);
    // The exponent apart from the digits: the product of the pivots may leave the range where the determinant does not.
    let exponent = scaleRows(n, lu);
    factorLu(n, lu, pivots, work);
    let digits = 1;
    for (let i = 0; i < n; i++) {
      const pivot = pivots[i] === i ? lu[i * n + i]! : -lu[i * n + i]!;
      const size = powerOfTwo(Math.abs(digits * pivot));
      digits = (digits * pivot) / size;
      exponent += Math.log2(size);
    }
    return digits === 0 ? 0 : timesPowerOfTwo(digits, exponent);
  });
}

/** Bytes of scratch that {@link det} needs for an n × n matrix. */
export const detWorkspace = (n: number): WorkspaceSize => allOf(sizeOfFloat64(n * n), sizeOfInt32(n));

/** Divides each row by a power of two that brings its largest element to [1, 2); returns the sum of the exponents. */
function scaleRows(n: number, a: Float64Array): number {
  let exponent = 0;
  for (let i = 0; i < n; i++) {
    const row = a.subarray(i * n, (i + 1) * n);
    const unit = powerOfTwo(row.reduce((most, x) => Math.max(most, Math.abs(x)), 0));
    scaleBy(row, 1 / unit);
    exponent += Math.log2(unit);
  }
  return exponent;
}
