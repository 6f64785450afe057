import { checkOptions, checkOutputs, type OptionKinds } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { checkApart, checkOutput, checkSameDtype, checkVector } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, transpose, type Vector } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { vectorLike, withWorkspace, zerosLike } from "../memory/allocate.ts";
import { unpackScaled, writeScaled } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaleRow, signOf } from "../rows/sign.ts";
import { scaledSvd, scaledSvdWorkspace } from "./scaled-svd.ts";

/** Options of {@link svd}. */
export interface SVDOptions {
  /** Square u and vt. Default: u is m × k and vt k × n, with k = min(m, n). */
  readonly full?: boolean;
}

const OPTIONS: OptionKinds<SVDOptions> = { full: "boolean" };

/** Factors of {@link svd}. */
export interface SVD<D extends Real = Real> {
  /** Left singular vectors in columns; the largest component of each is positive. */
  readonly u: Matrix<D>;
  /** Singular values, descending. */
  readonly s: Vector<D>;
  /** Right singular vectors in rows. */
  readonly vt: Matrix<D>;
}

/** Outputs of {@link svdInto}. */
export interface SVDOut {
  /** Both or neither: without them only values are computed. */
  readonly u?: MatrixLike;
  readonly s: Real;
  readonly vt?: MatrixLike;
}

/**
 * Singular value decomposition a = u diag(s) vt, in float64 inside.
 *
 * One-sided Jacobi; float32 input of condition up to 1e4 by the eigenvectors of its Gram matrix. Small singular values keep their
 * relative accuracy where the matrix is ill-conditioned only by the scale of its columns (rows, if it is wide), which methods that
 * go through a bidiagonal matrix lose. An engine with LAPACK uses its gesdd unless columns (rows) differ in length more than eightfold.
 *
 * @param a - m × n, any strides, any rank.
 * @throws {NonFiniteError} with the first NaN or infinity.
 * @throws {NotConvergedError} after 30 sweeps, which no finite matrix is known to need.
 * Accuracy: ‖a − u s vt‖ ≤ c √k ε ‖a‖; u and vt orthonormal to c k ε. Values below 2⁻⁵⁰⁰ of the largest count as zero.
 * Cost: with k = min(m, n), N = max(m, n): 4Nk² + O(k³) flops for the Gram matrix's way, about 6Nk² + 30k³ for Jacobi.
 *
 * @see Drmač and Veselić, New fast and accurate Jacobi SVD algorithm, parts I and II (2008).
 *
 * @example
 * svd(fromRows([[0, 2], [1, 0]])).s; // [2, 1]
 */
export function svd<D extends Real>(a: MatrixLike<D>, options: SVDOptions = {}): SVD<D> {
  checkMatrix("svd", a);
  checkOptions("svd", options, OPTIONS);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const k = Math.min(m, n);
  const { full = false } = options;
  const out = {
    u: zerosLike("svd", a, m, full ? m : k),
    s: vectorLike("svd", a, k),
    vt: zerosLike("svd", a, full ? n : k, n),
  };
  withWorkspace("svd", svdWorkspace(m, n, options), (work) => svdInto(out, a, work, options));
  return out;
}

/**
 * Singular values alone, descending; see {@link svd}. Where the columns (rows, if the matrix is wide) differ in length at most eightfold, by a
 * bidiagonal matrix and the qd algorithm: (8/3)k³ flops, and 2(N − k)k² for the LQ factorization of a long matrix.
 */
export function svdvals<D extends Real>(a: MatrixLike<D>): Vector<D> {
  checkMatrix("svdvals", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const s = vectorLike("svdvals", a, Math.min(m, n));
  withWorkspace("svdvals", svdWorkspace(m, n), (work) => decompose("svdvals", { s }, a, work, false));
  return s;
}

/**
 * out ← the factors of `a`; see {@link svd}.
 *
 * @param out - u m × k, s of length k, vt k × n (u m × m, vt n × n if full), of the dtype of `a`; one of u and vt may be `a`.
 * @param work - at least {@link svdWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} before anything is written.
 */
export function svdInto(out: SVDOut, a: MatrixLike, work: Workspace, options: SVDOptions = {}): void {
  checkMatrix("svd", a);
  checkOptions("svd", options, OPTIONS);
  const { full = false } = options;
  checkOut(out, a, full);
  checkWorkspace("svd", work);
  decompose("svd", out, a, work, full);
}

function decompose(operation: string, out: SVDOut, a: MatrixLike, work: Workspace, full: boolean): void {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  work.scope(() => {
    const vectors = out.u !== undefined && out.vt !== undefined;
    const { unit, s, u, v } = scaledSvd(operation, a, work, { full, vectors });
    writeScaled(operation, out.s, s, unit);
    if (out.u === undefined || out.vt === undefined) return;
    fixSigns(u, m, v, n, s.length);
    unpackScaled(work.engine, transpose(out.u), u, 1);
    unpackScaled(work.engine, out.vt, v, 1);
  });
}

/** Bytes of scratch that {@link svdInto} needs for an m × n matrix. */
export const svdWorkspace = (m: number, n: number, options: SVDOptions = {}): WorkspaceSize =>
  scaledSvdWorkspace(m, n, options);

function checkOut(out: SVDOut, a: MatrixLike, full: boolean): void {
  checkOutputs("svd", out, "u, s, vt");
  const { u, s, vt } = out;
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const k = Math.min(m, n);
  checkVector("svd", "s", s, k, a.data);
  if ((u === undefined) !== (vt === undefined)) throw new ShapeError("svd", "expected both u and vt or neither");
  if (u === undefined || vt === undefined) return;
  checkOutput("svd", "u", u, m, full ? m : k);
  checkSameDtype("svd", u.data, a.data);
  checkOutput("svd", "vt", vt, full ? n : k, n);
  checkSameDtype("svd", vt.data, a.data);
  checkApart("svd", "u and vt", u, vt);
}

/** Rows of `u` ← with their largest component positive, and the same rows of `v` along; rows past the k-th stand alone. */
function fixSigns(u: Float64Array, uLength: number, v: Float64Array, vLength: number, k: number): void {
  const rowsOf = (x: Float64Array, length: number): number => (length === 0 ? 0 : x.length / length);
  for (let i = 0; i < rowsOf(u, uLength); i++) {
    const sign = signOf(u, i * uLength, uLength);
    scaleRow(u, i, uLength, sign);
    if (i < k) scaleRow(v, i, vLength, sign);
  }
  for (let i = k; i < rowsOf(v, vLength); i++) scaleRow(v, i, vLength, signOf(v, i * vLength, vLength));
}
