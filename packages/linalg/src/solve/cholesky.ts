import { SingularError } from "../errors.ts";
import { checkOutput, checkSameDtype, checkSquare } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { byLowerTriangle, checkTriangleOptions, type TriangleOptions } from "../matrix/triangle.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { exponentOf, largestOfTriangle, packScaled, scaleBy, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { factorCholesky } from "./triangular.ts";

/**
 * Cholesky factor of a symmetric positive definite matrix: lower triangular l with a = l lᵀ, in float64 inside.
 *
 * @param a - n × n, any strides; only one triangle is read, the lower one unless `triangle` says otherwise.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity of the triangle. @throws {OptionError}
 * @throws {SingularError} if it is not positive definite to working precision; the message names the pivot.
 * Accuracy: ‖a − l lᵀ‖ ≤ c n ε ‖a‖. Cost: n³/3 flops.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), theorem 10.3.
 *
 * @example
 * cholesky(fromRows([[4, 2], [2, 5]])); // [[2, 0], [1, 2]]
 */
export function cholesky<D extends Real>(a: MatrixLike<D>, options: TriangleOptions = {}): Matrix<D> {
  const n = checkSquare("cholesky", a);
  checkTriangleOptions("cholesky", options);
  const out = zerosLike("cholesky", a, n, n);
  return withWorkspace("cholesky", choleskyWorkspace(n), (work) => choleskyInto(out, a, work, options));
}

/**
 * out ← the Cholesky factor; see {@link cholesky}.
 *
 * @param out - n × n of the dtype of `a`; may be `a`.
 * @param work - at least {@link choleskyWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {SingularError} before anything is written.
 */
export function choleskyInto<M extends MatrixLike>(
  out: M,
  a: MatrixLike,
  work: Workspace,
  options: TriangleOptions = {},
): M {
  const n = checkSquare("cholesky", a);
  checkOutput("cholesky", "out", out, n, n);
  checkSameDtype("cholesky", out.data, a.data);
  checkWorkspace("cholesky", work);
  checkTriangleOptions("cholesky", options);
  largestOfTriangle("cholesky", a, options.triangle);
  return work.scope(() => {
    const l = packScaled(work.engine, work.float64(n * n), byLowerTriangle(a, options), 1);
    const units = work.float64(n);
    factorInUnits("cholesky", n, l, units, work);
    for (let i = 0; i < n; i++) {
      scaleBy(l.subarray(i * n, i * n + i + 1), units[i]!);
      l.fill(0, i * n + i + 1, (i + 1) * n);
    }
    unpackScaled(work.engine, out, l, 1);
    return out;
  });
}

/**
 * The lower triangle of the packed n × n matrix `a` ← the Cholesky factor of D⁻¹ A D⁻¹, with D = diag(units) powers of two.
 *
 * @throws {SingularError} if `a` is not positive definite.
 */
export function factorInUnits(
  operation: string,
  n: number,
  a: Float64Array,
  units: Float64Array,
  work: Workspace,
): void {
  diagonalUnits(n, a, units);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) a[i * n + j] = a[i * n + j]! / units[i]! / units[j]!;
  }
  const failed = factorCholesky(n, a, work);
  if (failed < n) throw new SingularError(operation, `not positive definite: pivot ${failed} is not positive`);
}

/**
 * out_i ← a power of two near the root of the i-th diagonal element, 1 if that is not positive: D⁻¹ A D⁻¹ with D = diag(out) has a
 * diagonal near one whatever the units of the variables.
 */
function diagonalUnits(n: number, a: Float64Array, out: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) out[i] = a[i * n + i]! > 0 ? 2 ** Math.floor(exponentOf(a[i * n + i]!) / 2) : 1;
  return out;
}

/** Bytes of scratch that {@link choleskyInto} needs for an n × n matrix. */
export const choleskyWorkspace = (n: number): WorkspaceSize => allOf(sizeOfFloat64(n * n), sizeOfFloat64(n));
