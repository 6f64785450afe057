import { checkOutput, checkSameDtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaleRow } from "../rows/sign.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";

/**
 * Moore–Penrose inverse v s⁺ uᵀ, from the singular value decomposition in float64.
 *
 * @param a - m × n, any strides, any rank.
 * @returns a new n × m matrix of the dtype of `a`; directions below the tolerance contribute nothing.
 * @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1. @throws {NotConvergedError} @throws {OverflowError}
 * Singular values below 2⁻⁵⁰⁰ of the largest count as zero, also with `tolerance: 0`.
 * Accuracy: relative error c ε₆₄ σ₁/σ_rank before rounding to the dtype. Cost: that of {@link svd} and 2mnk flops.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §5.5.2.
 *
 * @example
 * pinv(fromRows([[2, 0], [0, 0]])); // [[0.5, 0], [0, 0]]
 */
export function pinv<D extends Real>(a: MatrixLike<D>, options: ToleranceOptions = {}): Matrix<D> {
  checkMatrix("pinv", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const out = zerosLike("pinv", a, n, m);
  return withWorkspace("pinv", pinvWorkspace(m, n), (work) => pinvInto(out, a, work, options));
}

/**
 * out ← the Moore–Penrose inverse; see {@link pinv}.
 *
 * @param out - n × m of the dtype of `a`; may share its storage.
 * @param work - at least {@link pinvWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} and as {@link pinv}, before anything is written.
 */
export function pinvInto<M extends MatrixLike>(
  out: M,
  a: MatrixLike,
  work: Workspace,
  options: ToleranceOptions = {},
): M {
  checkMatrix("pinv", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkOutput("pinv", "out", out, n, m);
  checkSameDtype("pinv", out.data, a.data);
  const tolerance = toleranceOf("pinv", a, options);
  checkWorkspace("pinv", work);
  return work.scope(() => {
    const { unit, s, u, v } = scaledSvd("pinv", a, work);
    const rank = rankOf(s, tolerance);
    for (let i = 0; i < rank; i++) scaleRow(v, i, n, 1 / s[i]!);
    const x = work.float64(n * m);
    work.engine.gemm(true, false, n, m, rank, 1, v, 0, n, u, 0, m, 0, x, 0, m);
    checkRange("pinv", work.engine.largest(n * m, x, 0), 1 / unit, out.data);
    unpackScaled(work.engine, out, x, 1 / unit);
    return out;
  });
}

/** Bytes of scratch that {@link pinvInto} needs for an m × n matrix. */
export const pinvWorkspace = (m: number, n: number): WorkspaceSize =>
  allOf(scaledSvdWorkspace(m, n), sizeOfFloat64(m * n));
