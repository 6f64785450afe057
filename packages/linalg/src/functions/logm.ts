import { realSchur, realSchurWorkspace } from "../eig/real-schur.ts";
import { checkOutput, checkSameDtype, checkSquare, dtype } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, scaleBy, unpackScaled } from "../memory/scale.ts";
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
import { quasiTriangularLog, quasiTriangularLogWorkspace } from "./quasi-triangular-log.ts";
import { isTriangular } from "./triangular-exponential.ts";

/** Within this factor of 1 a matrix is not scaled: its logarithm may be small, and that of the factor would cancel in it. */
const MODERATE = 2 ** 500;

/**
 * Principal logarithm: the x with exp(x) = a whose eigenvalues have imaginary parts in (−π, π). It is real where it exists.
 * By inverse scaling and squaring on the real Schur form, in float64 inside.
 *
 * @param a - n × n, any strides.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity.
 * @throws {DomainError} if no real principal logarithm exists: an eigenvalue is negative, or zero to rounding, which is n ε ‖a‖ with the ε
 * of the dtype, and nothing where `a` is upper triangular.
 * @throws {OverflowError} if x is outside the range of the dtype. @throws {NotConvergedError} as in {@link schur}.
 * Accuracy: x = log(a + e) with ‖e‖ ≤ c n ε₆₄ ‖a‖ for matrices that are not far from normal, before rounding to the dtype.
 * Cost: about 25n³ flops, and 8n³ for each square root, of which there are seldom more than ten.
 *
 * @see Al-Mohy and Higham, Improved inverse scaling and squaring algorithms for the matrix logarithm (2012); Al-Mohy, Higham and
 * Relton, Computing the Fréchet derivative of the matrix logarithm and estimating the condition number (2013), §6, for real matrices.
 *
 * @example
 * logm(fromRows([[1, 1], [0, 1]])); // [[0, 1], [0, 0]]
 */
export function logm<D extends Real>(a: MatrixLike<D>): Matrix<D> {
  const n = checkSquare("logm", a);
  const out = zerosLike("logm", a, n, n);
  return withWorkspace("logm", logmWorkspace(n), (work) => logmInto(out, a, work));
}

/**
 * out ← the logarithm; see {@link logm}.
 *
 * @param out - n × n of the dtype of `a`; may be `a`.
 * @param work - at least {@link logmWorkspace} bytes.
 * @throws as {@link logm}, before anything is written.
 */
export function logmInto<M extends MatrixLike>(out: M, a: MatrixLike, work: Workspace): M {
  const n = checkSquare("logm", a);
  checkOutput("logm", "out", out, n, n);
  checkSameDtype("logm", out.data, a.data);
  checkWorkspace("logm", work);
  const { engine } = work;
  const unit = powerOfTwo(largest("logm", a, engine));
  return work.scope(() => {
    const t = packScaled(engine, work.float64(n * n), a, 1 / unit);
    const z = work.float64(n * n);
    const log = work.float64(n * n);
    // Its eigenvalues are exact.
    const triangular = isTriangular(n, t, false);
    realSchur("logm", n, 0, n - 1, t, z, work);
    checkSpectrum("logm", n, t, unit, triangular ? 0 : roundingOf(n, t, dtype(a), work), true);
    const moderate = unit <= MODERATE && unit >= 1 / MODERATE;
    if (moderate) scaleBy(t, unit);
    quasiTriangularLog(n, t, log, work);
    // log(unit a) = log(unit) + log(a).
    if (!moderate) for (let i = 0; i < n; i++) log[i * n + i]! += Math.log(unit);
    fromSchur(n, log, z, t, work);
    checkRange("logm", engine.largest(n * n, log, 0), 1, out.data);
    unpackScaled(engine, out, log, 1);
    return out;
  });
}

/** Bytes of scratch that {@link logmInto} needs for an n × n matrix. */
export const logmWorkspace = (n: number): WorkspaceSize =>
  allOf(3 * sizeOfFloat64(n * n), anyOf(realSchurWorkspace(n), quasiTriangularLogWorkspace(n)));
