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
 * Orthonormal basis of the null space of `a`: the right singular vectors that a maps to zero, up to the tolerance.
 *
 * @param a - m × n, any strides, any rank.
 * @returns a new n × (n − rank) matrix of the dtype of `a`.
 * @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1. @throws {NotConvergedError}
 * Accuracy: ‖a z‖ ≤ tolerance ‖a‖₂ + c k ε ‖a‖. Cost: that of a full {@link svd}.
 *
 * @example
 * nullspace(fromRows([[0, 2]])); // [[1], [0]]
 */
export function nullspace<D extends Real>(a: MatrixLike<D>, options: ToleranceOptions = {}): Matrix<D> {
  checkMatrix("nullspace", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const out = zerosLike("nullspace", a, n, n);
  const { nullity } = withWorkspace("nullspace", nullspaceWorkspace(m, n), (work) =>
    nullspaceInto(out, a, work, options),
  );
  return out.hi(n, nullity);
}

/**
 * The first `nullity` columns of out ← the basis, the others ← zero; see {@link nullspace}.
 *
 * @param out - n × n of the dtype of `a`; may share its storage.
 * @param work - at least {@link nullspaceWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} and as {@link nullspace}, before anything is written.
 */
export function nullspaceInto(
  out: MatrixLike,
  a: MatrixLike,
  work: Workspace,
  options: ToleranceOptions = {},
): { nullity: number } {
  checkMatrix("nullspace", a);
  const n = a.shape[1]!;
  checkOutput("nullspace", "out", out, n, n);
  checkSameDtype("nullspace", out.data, a.data);
  const tolerance = toleranceOf("nullspace", a, options);
  checkWorkspace("nullspace", work);
  return work.scope(() => {
    const { s, v } = scaledSvd("nullspace", a, work, { full: a.shape[0]! < n });
    const rank = rankOf(s, tolerance);
    v.copyWithin(0, rank * n);
    v.fill(0, (n - rank) * n);
    for (let i = 0; i < n - rank; i++) scaleRow(v, i, n, signOf(v, i * n, n));
    unpackScaled(work.engine, transpose(out), v, 1);
    return { nullity: n - rank };
  });
}

/** Bytes of scratch that {@link nullspaceInto} needs for an m × n matrix. */
export const nullspaceWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n, { full: m < n });
