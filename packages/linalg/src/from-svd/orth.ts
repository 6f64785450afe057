import { checkOutput, checkSameDtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, transpose } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { unpackScaled } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaleRow, signOf } from "../rows/sign.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";

/**
 * Orthonormal basis of the range of `a`: its leading left singular vectors, by falling singular value.
 *
 * @param a - m × n, any strides, any rank.
 * @returns a new m × rank matrix of the dtype of `a`.
 * @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1. @throws {NotConvergedError}
 * Accuracy: ‖qᵀq − I‖ ≤ c rank ε₆₄ before rounding to the dtype. Cost: that of {@link svd}.
 *
 * @example
 * orth(fromRows([[0, 0], [0, 2]])); // [[0], [1]]
 */
export function orth<D extends Real>(a: MatrixLike<D>, options: ToleranceOptions = {}): Matrix<D> {
  checkMatrix("orth", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const out = zerosLike("orth", a, m, Math.min(m, n));
  const { rank } = withWorkspace("orth", orthWorkspace(m, n), (work) => orthInto(out, a, work, options));
  return out.hi(m, rank);
}

/**
 * The first `rank` columns of out ← the basis, the others ← zero; see {@link orth}.
 *
 * @param out - m × min(m, n) of the dtype of `a`; may share its storage.
 * @param work - at least {@link orthWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} and as {@link orth}, before anything is written.
 */
export function orthInto(
  out: MatrixLike,
  a: MatrixLike,
  work: Workspace,
  options: ToleranceOptions = {},
): { rank: number } {
  checkMatrix("orth", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkOutput("orth", "out", out, m, Math.min(m, n));
  checkSameDtype("orth", out.data, a.data);
  const tolerance = toleranceOf("orth", a, options);
  checkWorkspace("orth", work);
  return work.scope(() => {
    const { s, u } = scaledSvd("orth", a, work);
    const rank = rankOf(s, tolerance);
    for (let i = 0; i < rank; i++) scaleRow(u, i, m, signOf(u, i * m, m));
    u.fill(0, rank * m);
    unpackScaled(work.engine, transpose(out), u, 1);
    return { rank };
  });
}

/** Bytes of scratch that {@link orthInto} needs for an m × n matrix. */
export const orthWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n);
