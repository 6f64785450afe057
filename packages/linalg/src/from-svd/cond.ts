import { currentEngine } from "../engine/current.ts";
import { OverflowError, ShapeError, SingularError } from "../errors.ts";
import { factorOf } from "../factors/lu-factor.ts";
import { checkSquare } from "../matrix/checks.ts";
import { checkMatrix, type MatrixLike, matrix } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { checkKind, type NormKind, norm } from "../products/norm.ts";
import { vectorNorm } from "../products/vector-norm.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";

/**
 * Condition ‖a‖ ‖a⁻¹‖ in a norm; in the 2-norm, the default, the largest over the smallest singular value, also of a matrix that is not square.
 * Infinity of a singular matrix; singular values below 2⁻⁵⁰⁰ of the largest count as zero.
 *
 * @param a - m × n, any strides, not empty; square but for the kinds `2` and `-2`.
 * @param kind - the norm; see {@link norm}.
 * @param work - at least {@link condWorkspace} bytes; taken for the call if left out. Not used for `1`, `-1`, `Infinity` and `-Infinity`.
 * @throws {ShapeError} if `a` is empty, or not square. @throws {OptionError} for an unknown kind. @throws {NonFiniteError}
 * @throws {NotConvergedError}
 * Accuracy: relative error c k ε₆₄ cond, or better (see {@link svd}). Cost: that of the singular values, or of {@link inv}.
 *
 * @example
 * cond(fromRows([[4, 0], [0, 2]])); // 2
 */
export function cond(a: MatrixLike, kind: NormKind = 2, work?: Workspace): number {
  checkMatrix("cond", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  if (m === 0 || n === 0) throw new ShapeError("cond", `expected a matrix that is not empty, got [${m}, ${n}]`);
  checkKind("cond", kind, m, n);
  if (kind !== 2 && kind !== -2) checkSquare("cond", a);
  if (!isSpectral(kind)) return condByInverse(a, kind as number);
  if (work === undefined) return withWorkspace("cond", condWorkspace(m, n), (own) => cond(a, kind, own));
  checkWorkspace("cond", work);
  return work.scope(() => condOfValues(scaledSvd("cond", a, work, { vectors: false }).s, kind));
}

/** Bytes of scratch that {@link cond} needs for an m × n matrix. */
export const condWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n);

const isSpectral = (kind: NormKind): boolean => kind === 2 || kind === -2 || kind === "fro" || kind === "nuc";

/** The condition by the descending singular values alone. */
function condOfValues(s: Float64Array, kind: NormKind): number {
  const [most, least] = [s[0]!, s[s.length - 1]!];
  if (least === 0) return Infinity;
  if (kind === 2) return most / least;
  if (kind === -2) return least / most;
  const [above, below] = [s.map((value) => value / most), s.map((value) => least / value)];
  const order = kind === "nuc" ? 1 : 2;
  return normOf(above, order) * normOf(below, order) * (most / least);
}

const normOf = (s: Float64Array, order: number): number =>
  vectorNorm({ data: s, first: 0, step: 1, length: s.length }, order);

/** ‖a‖ ‖a⁻¹‖ for norms that are sums of magnitudes. */
function condByInverse(a: MatrixLike, kind: number): number {
  const n = a.shape[0]!;
  // Divided by a power of two, because the inverse of small elements may lie outside the range where the condition does not.
  const unit = powerOfTwo(largest("cond", a));
  const scaled = packScaled(currentEngine(), new Float64Array(n * n), a, 1 / unit);
  try {
    const x = matrix(n, n, scaled);
    return norm(x, kind) * norm(factorOf("cond", x).inverse(), kind);
  } catch (error) {
    if (error instanceof SingularError || error instanceof OverflowError) return Infinity;
    throw error;
  }
}

/**
 * Numerical rank: how many singular values exceed `tolerance` times the largest. Those below 2⁻⁵⁰⁰ of it count as zero, also with `tolerance: 0`.
 *
 * @param a - m × n, any strides.
 * @param work - at least {@link matrixRankWorkspace} bytes; taken for the call if left out.
 * @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1. @throws {NotConvergedError}
 *
 * @example
 * matrixRank(fromRows([[1, 1], [1, 1]])); // 1
 */
export function matrixRank(a: MatrixLike, options: ToleranceOptions = {}, work?: Workspace): number {
  checkMatrix("matrixRank", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const tolerance = toleranceOf("matrixRank", a, options);
  if (work === undefined)
    return withWorkspace("matrixRank", matrixRankWorkspace(m, n), (own) => matrixRank(a, options, own));
  checkWorkspace("matrixRank", work);
  return work.scope(() => rankOf(scaledSvd("matrixRank", a, work, { vectors: false }).s, tolerance));
}

/** Bytes of scratch that {@link matrixRank} needs for an m × n matrix. */
export const matrixRankWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n);
