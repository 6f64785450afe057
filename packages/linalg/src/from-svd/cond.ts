import { ShapeError } from "../errors.ts";
import { checkMatrix, type MatrixLike } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";

/**
 * Condition in the 2-norm: the largest over the smallest singular value, Infinity if that is zero or below 2⁻⁵⁰⁰ of the largest.
 *
 * @param a - m × n, any strides, not empty.
 * @param work - at least {@link condWorkspace} bytes; taken for the call if left out.
 * @throws {ShapeError} if `a` is empty. @throws {NonFiniteError} @throws {NotConvergedError}
 * Accuracy: relative error c k ε₆₄ cond, or better (see {@link svd}). Cost: that of the singular values.
 *
 * @example
 * cond(fromRows([[4, 0], [0, 2]])); // 2
 */
export function cond(a: MatrixLike, work?: Workspace): number {
  checkMatrix("cond", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  if (m === 0 || n === 0) throw new ShapeError("cond", `expected a matrix that is not empty, got [${m}, ${n}]`);
  if (work === undefined) return withWorkspace("cond", condWorkspace(m, n), (own) => cond(a, own));
  checkWorkspace("cond", work);
  return work.scope(() => {
    const { s } = scaledSvd("cond", a, work, { vectors: false });
    const least = s[s.length - 1]!;
    return least > 0 ? s[0]! / least : Infinity;
  });
}

/** Bytes of scratch that {@link cond} needs for an m × n matrix. */
export const condWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n);

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
