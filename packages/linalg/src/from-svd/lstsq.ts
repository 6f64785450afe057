import { checkOutputs } from "../arguments.ts";
import { checkOutput, checkSameDtype, checkShape, checkVector } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, type Vector } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { asMatrix, inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, unpackScaled, writeScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { factorRows, householderWorkspace } from "../qr/householder.ts";
import { scaleRow } from "../rows/sign.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { rankOf, type ToleranceOptions, toleranceOf } from "../svd/tolerance.ts";

/** Result of {@link lstsq}. */
export interface Lstsq<D extends Real = Real, X extends Matrix<D> | Vector<D> = Matrix<D>> {
  /** n × p: of all x that make ‖a x − b‖ least, column by column, the shortest. A vector where b is one. */
  readonly x: X;
  /** Number of singular values above the tolerance. */
  readonly rank: number;
  /** Singular values of a, descending. */
  readonly s: Float64Array;
}

/** Outputs of {@link lstsqInto}. */
export interface LstsqOut {
  readonly x: MatrixLike;
  /** Receives the min(m, n) singular values. */
  readonly s?: Float64Array;
}

/**
 * Least-squares solution of a x = b of least norm, from the singular value decomposition in float64; of a tall matrix from that of its
 * QR factorization's triangle.
 *
 * @param a - m × n, any strides, any rank.
 * @param b - m × p of the same dtype, or a vector of m elements: a typed array or a view of one dimension.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {OptionError} unless 0 ≤ tolerance < 1.
 * @throws {NotConvergedError}
 * Accuracy: that of a backward stable method in float64, rounded to the dtype. Cost: that of {@link svd} and 4mnp flops;
 * of a tall matrix 2mn² flops and that of an n × n {@link svd}.
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
  return work.scope(() => {
    const { engine } = work;
    const system = isTall(m, n, p) ? triangularSystem(a, b, work) : { a, b, aUnit: 1, bUnit: 1 };
    const svd = scaledSvd("lstsq", system.a, work);
    const { s, u, v } = svd;
    const rows = system.b.shape[0]!;
    const rightUnit = powerOfTwo(largest("lstsq", system.b, engine));
    const [unit, bUnit] = [svd.unit * system.aUnit, rightUnit * system.bUnit];
    const rank = rankOf(s, tolerance);
    const right = packScaled(engine, work.float64(rows * p), system.b, 1 / rightUnit);
    const coefficients = work.float64(k * p);
    const x = work.float64(n * p);
    engine.gemm(false, false, rank, p, rows, 1, u, 0, rows, right, 0, p, 0, coefficients, 0, p);
    for (let i = 0; i < rank; i++) scaleRow(coefficients, i, p, 1 / s[i]!);
    engine.gemm(true, false, n, p, rank, 1, v, 0, n, coefficients, 0, p, 0, x, 0, p);
    const scale = Math.min(bUnit / unit, Number.MAX_VALUE);
    checkRange("lstsq", engine.largest(n * p, x, 0), scale, out.x.data);
    if (out.s !== undefined) writeScaled("lstsq", out.s, s, unit);
    unpackScaled(engine, out.x, x, scale);
    return { rank };
  });
}

/** Whether a QR factorization leaves so much smaller a system that it pays. */
const isTall = (m: number, n: number, p: number): boolean => m >= 2 * (n + p);

/** A system a x = b whose two sides were divided by powers of two. */
interface DividedSystem {
  readonly a: MatrixLike;
  readonly b: MatrixLike;
  readonly aUnit: number;
  readonly bUnit: number;
}

/**
 * R x = Qᵀ b for a = Q R: n equations with the singular values and the solutions of the m ones. Both sides are factored together, as rows:
 * [a b]ᵀ = L times orthonormal rows, Rᵀ and (Qᵀ b)ᵀ the first n columns of L.
 */
function triangularSystem(a: MatrixLike, b: MatrixLike, work: Workspace): DividedSystem {
  const { engine } = work;
  const [m, n, p] = [a.shape[0]!, a.shape[1]!, b.shape[1]!];
  const x = work.float64((n + p) * m);
  const [left, right] = [x.subarray(0, n * m), x.subarray(n * m)];
  const [aUnit, bUnit] = [powerOfTwo(largest("lstsq", a, engine)), powerOfTwo(largest("lstsq", b, engine))];
  packScaled(engine, left, a, 1 / aUnit, true);
  packScaled(engine, right, b, 1 / bUnit, true);
  work.scope(() => factorRows(n + p, m, x, work.float64(n + p), work));
  for (let i = 0; i < n; i++) left.fill(0, i * m + i + 1, i * m + n);
  const columns = (data: Float64Array, count: number): MatrixLike => ({
    data,
    shape: [n, count],
    stride: [1, m],
    offset: 0,
  });
  return { a: columns(left, n), b: columns(right, p), aUnit, bUnit };
}

/** Bytes of scratch that {@link lstsqInto} needs for m × n and m × p matrices. */
export const lstsqWorkspace = (m: number, n: number, p: number): WorkspaceSize => {
  const rows = isTall(m, n, p) ? n : m;
  return allOf(
    isTall(m, n, p) ? allOf(sizeOfFloat64((n + p) * m), sizeOfFloat64(n + p), householderWorkspace(n + p, m)) : 0,
    scaledSvdWorkspace(rows, n),
    sizeOfFloat64(rows * p),
    sizeOfFloat64(Math.min(m, n) * p),
    sizeOfFloat64(n * p),
  );
};
