import { realSchur, realSchurWorkspace } from "../eig/real-schur.ts";
import { checkOutput, checkSameDtype, checkSquare, dtype } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, unpackScaled } from "../memory/scale.ts";
import {
  allOf,
  anyOf,
  checkWorkspace,
  sizeOfFloat64,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { fromSchur } from "./from-schur.ts";
import { checkSpectrum, roundingOf } from "./quasi-triangular.ts";
import { quasiTriangularRoot, quasiTriangularRootWorkspace } from "./quasi-triangular-root.ts";

/**
 * Principal square root: the x with x x = a whose eigenvalues have positive real parts, or are zero. It is real where it exists.
 * By Higham's real Schur method, in float64 inside.
 *
 * @param a - n × n, any strides. Negative eigenvalues within n ε ‖a‖ of zero count as zero, with the ε of the dtype, so that semidefinite matrices have a root.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity.
 * @throws {DomainError} if no real principal root exists: an eigenvalue is negative, or 0 is one with fewer vectors than its multiplicity.
 * @throws {OverflowError} if x is outside the range of the dtype. @throws {NotConvergedError} as in {@link schur}.
 * Accuracy: ‖x x − a‖ ≤ c n ε₆₄ ‖x‖², before rounding to the dtype. Cost: about 30n³ flops.
 *
 * @see Higham, Computing real square roots of a real matrix (1987); Functions of Matrices (2008), §6.2.
 *
 * @example
 * sqrtm(fromRows([[1, 4], [0, 9]])); // [[1, 1], [0, 3]]
 */
export function sqrtm<D extends Real>(a: MatrixLike<D>): Matrix<D> {
  const n = checkSquare("sqrtm", a);
  const out = zerosLike("sqrtm", a, n, n);
  return withWorkspace("sqrtm", sqrtmWorkspace(n), (work) => sqrtmInto(out, a, work));
}

/**
 * out ← the square root; see {@link sqrtm}.
 *
 * @param out - n × n of the dtype of `a`; may be `a`.
 * @param work - at least {@link sqrtmWorkspace} bytes.
 * @throws as {@link sqrtm}, before anything is written.
 */
export function sqrtmInto<M extends MatrixLike>(out: M, a: MatrixLike, work: Workspace): M {
  const n = checkSquare("sqrtm", a);
  checkOutput("sqrtm", "out", out, n, n);
  checkSameDtype("sqrtm", out.data, a.data);
  checkWorkspace("sqrtm", work);
  const { engine } = work;
  // A power of four, so that its root does not round.
  const root = 2 ** Math.floor(Math.log2(powerOfTwo(largest("sqrtm", a, engine))) / 2);
  return work.scope(() => {
    const t = packScaled(engine, work.float64(n * n), a, 1 / root / root);
    const z = work.float64(n * n);
    const r = work.float64(n * n);
    realSchur("sqrtm", n, 0, n - 1, t, z, work);
    const rounding = roundingOf(n, t, dtype(a), work);
    checkSpectrum("sqrtm", n, t, root * root, rounding, false);
    quasiTriangularRoot("sqrtm", n, t, rounding, r, work);
    fromSchur(n, r, z, t, work);
    checkRange("sqrtm", engine.largest(n * n, r, 0), root, out.data);
    unpackScaled(engine, out, r, root);
    return out;
  });
}

/** Bytes of scratch that {@link sqrtmInto} needs for an n × n matrix. */
export const sqrtmWorkspace = (n: number): WorkspaceSize =>
  allOf(3 * sizeOfFloat64(n * n), anyOf(realSchurWorkspace(n), quasiTriangularRootWorkspace(n)));
