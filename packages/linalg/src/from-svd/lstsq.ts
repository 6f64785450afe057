import { checkOutputs } from "../arguments.ts";
import { checkOutput, checkSameDtype, checkShape, checkVector } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, type Vector } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { asMatrix, inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, unpackScaled, writeScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaleRow } from "../rows/sign.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";

export interface Lstsq<D extends Real = Real, X extends Matrix<D> | Vector<D> = Matrix<D>> {
  /** n × p: of all x that make ‖a x − b‖ least, column by column, the shortest. A vector where b is one. */
  readonly x: X;
  /** Number of singular values above the tolerance. */
  readonly rank: number;
  /** Singular values of a, descending. */
  readonly s: Float64Array;
}

export interface LstsqOut {
  readonly x: MatrixLike;
  /** Receives the min(m, n) singular values. */
  readonly s?: Float64Array;
}

/**
 * Least-squares solution of a x = b of least norm, from the singular value decomposition in float64.
 *
 * @param a - m × n, any strides, any rank.
 * @param b - m × p of the same dtype, or a vector of m elements: a typed array or a view of one dimension.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1.
 * @throws {NotConvergedError}
 * Accuracy: that of a backward stable method in float64, rounded to the dtype. Cost: that of {@link svd} and 4mnp flops.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §5.5.1.
 *
 * @example
 * lstsq(fromRows([[1], [1]]), Float64Array.of(1, 3)).x; // [2]
 */
export function lstsq<D extends Real>(a: MatrixLike<D>, b: D, options?: ToleranceOptions): Lstsq<D, Vector<D>>;
export function lstsq<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>, options?: ToleranceOptions): Lstsq<D>;
export function lstsq<D extends Real>(
  a: MatrixLike<D>,
  b: VectorLike<D>,
  options: ToleranceOptions = {},
): Lstsq<D, Matrix<D> | Vector<D>> {
  checkMatrix("lstsq", a);
  const right = asMatrix("lstsq", b);
  checkMatrix("lstsq", right, "b");
  const [m, n, p] = [a.shape[0]!, a.shape[1]!, right.shape[1]!];
  const x = zerosLike("lstsq", a, n, p);
  const s = new Float64Array(Math.min(m, n));
  const { rank } = withWorkspace("lstsq", lstsqWorkspace(m, n, p), (work) =>
    lstsqInto({ x, s }, a, right, work, options),
  );
  return { x: inFormOf(b, x), rank, s };
}

/**
 * out.x ← the solution, out.s ← the singular values; see {@link lstsq}.
 *
 * @param out - x n × p of the dtype of `a`, may share the storage of `a` or `b`; s of length min(m, n).
 * @param work - at least {@link lstsqWorkspace} bytes.
 * @throws as {@link lstsq}, before anything is written.
 */
export function lstsqInto(
  out: LstsqOut,
  a: MatrixLike,
  b: MatrixLike,
  work: Workspace,
  options: ToleranceOptions = {},
): { rank: number } {
  checkMatrix("lstsq", a);
  checkMatrix("lstsq", b, "b");
  checkOutputs("lstsq", out, "x, s");
  checkWorkspace("lstsq", work);
  const [m, n, p] = [a.shape[0]!, a.shape[1]!, b.shape[1]!];
  const k = Math.min(m, n);
  checkShape("lstsq", "b", b, m, p);
  checkOutput("lstsq", "x", out.x, n, p);
  for (const data of [out.x.data, b.data]) checkSameDtype("lstsq", data, a.data);
  if (out.s !== undefined) checkVector("lstsq", "s", out.s, k);
  const tolerance = toleranceOf("lstsq", a, options);
  const bUnit = powerOfTwo(largest("lstsq", b, work.engine));
  return work.scope(() => {
    const { unit, s, u, v } = scaledSvd("lstsq", a, work);
    const { engine } = work;
    const rank = rankOf(s, tolerance);
    const right = packScaled(work.engine, work.float64(m * p), b, 1 / bUnit);
    const coefficients = work.float64(k * p);
    const x = work.float64(n * p);
    engine.gemm(false, false, rank, p, m, 1, u, 0, m, right, 0, p, 0, coefficients, 0, p);
    for (let i = 0; i < rank; i++) scaleRow(coefficients, i, p, 1 / s[i]!);
    engine.gemm(true, false, n, p, rank, 1, v, 0, n, coefficients, 0, p, 0, x, 0, p);
    const scale = Math.min(bUnit / unit, Number.MAX_VALUE);
    checkRange("lstsq", engine.largest(n * p, x, 0), scale, out.x.data);
    if (out.s !== undefined) writeScaled("lstsq", out.s, s, unit);
    unpackScaled(engine, out.x, x, scale);
    return { rank };
  });
}

/** Bytes of scratch that {@link lstsqInto} needs for m × n and m × p matrices. */
export const lstsqWorkspace = (m: number, n: number, p: number): WorkspaceSize =>
  allOf(scaledSvdWorkspace(m, n), sizeOfFloat64(m * p), sizeOfFloat64(Math.min(m, n) * p), sizeOfFloat64(n * p));
