import { SingularError } from "../errors.ts";
import { checkSameDtype, checkShape, checkSquare } from "../matrix/checks.ts";
import { type MatrixLike, matrix } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { byLowerTriangle, checkTriangleOptions, type TriangleOptions } from "../matrix/triangle.ts";
import { vectorLike, withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largestOfTriangle, packScaled, powerOfTwo, scaleBy, writeScaled } from "../memory/scale.ts";
import { allOf, sizeOfFloat64, type WorkspaceSize } from "../memory/workspace.ts";
import { signOf } from "../rows/sign.ts";
import { transposeInPlace } from "../rows/transpose.ts";
import { factorCholesky, solveLower } from "../solve/triangular.ts";
import { type Eigh, eighWorkspace, packLower, writeEigh } from "./eigh.ts";

/**
 * Eigenvalues and eigenvectors of a v = λ b v for symmetric `a` and symmetric positive definite `b`, through the Cholesky factor of `b`,
 * in float64 inside.
 *
 * @param a - n × n, any strides; only one triangle is read, the lower one unless `triangle` says otherwise.
 * @param b - n × n of the same dtype, likewise.
 * @returns values ascending; vectors with vᵀ b v = I, the largest component of each column positive.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} with the first NaN or infinity of a triangle. @throws {OptionError}
 * @throws {SingularError} if `b` is not positive definite to working precision. @throws {NotConvergedError} @throws {OverflowError}
 * Accuracy: |value error| ≤ c n ε ‖a‖₂ ‖b⁻¹‖₂, so small values lose digits where `b` is nearly singular. Cost: about 8n³ flops.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), algorithm 8.7.1.
 *
 * @example
 * eighGeneralized(fromRows([[2, 0], [0, 3]]), fromRows([[1, 0], [0, 2]])).values; // [1.5, 2]
 */
export function eighGeneralized<D extends Real>(
  a: MatrixLike<D>,
  b: MatrixLike<D>,
  options: TriangleOptions = {},
): Eigh<D> {
  const n = checkSquare("eighGeneralized", a);
  checkShape("eighGeneralized", "b", b, n, n);
  checkSameDtype("eighGeneralized", a.data, b.data);
  checkTriangleOptions("eighGeneralized", options);
  const aUnit = powerOfTwo(largestOfTriangle("eighGeneralized", a, options.triangle));
  // An even power, so that its root is a power of two as well.
  const bRoot = powerOfTwo(Math.sqrt(largestOfTriangle("eighGeneralized", b, options.triangle)));
  const out = { values: vectorLike("eighGeneralized", a, n), vectors: zerosLike("eighGeneralized", a, n, n) };
  withWorkspace("eighGeneralized", eighGeneralizedWorkspace(n), (work) => {
    const l = packScaled(work.engine, work.float64(n * n), byLowerTriangle(b, options), 1 / bRoot);
    scaleBy(l, 1 / bRoot);
    const failed = factorCholesky(n, l, work);
    if (failed < n) {
      throw new SingularError("eighGeneralized", `b is not positive definite: pivot ${failed} is not positive`);
    }
    const c = work.float64(n * n);
    packLower(c, byLowerTriangle(a, options), 1 / aUnit);
    // L⁻¹ A, and then L⁻¹ (L⁻¹ A)ᵀ, because A is symmetric.
    solveLower(n, l, false, false, n, c, work);
    transposeInPlace(n, c);
    solveLower(n, l, false, false, n, c, work);
    const values = work.float64(n);
    const vectors = work.float64(n * n);
    writeEigh("eighGeneralized", { values, vectors: matrix(n, n, vectors) }, matrix(n, n, c), work, {});
    solveLower(n, l, true, false, n, vectors, work);
    writeScaled("eighGeneralized", out.values, values, aUnit / bRoot / bRoot);
    transposeInPlace(n, vectors);
    for (let j = 0; j < n; j++) scaleBy(vectors.subarray(j * n, (j + 1) * n), signOf(vectors, j * n, n));
    transposeInPlace(n, vectors);
    writeScaled("eighGeneralized", out.vectors.data, vectors, 1 / bRoot);
  });
  return out;
}

const eighGeneralizedWorkspace = (n: number): WorkspaceSize =>
  allOf(3 * sizeOfFloat64(n * n), sizeOfFloat64(n), eighWorkspace(n));
