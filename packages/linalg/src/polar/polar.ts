import { checkOptions, checkOutputs, type OptionKinds } from "../arguments.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "../eigh/symmetric-eigen.ts";
import { OptionError } from "../errors.ts";
import { checkOutput, checkSameDtype, checkVector, dtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, transpose } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo, unpackScaled } from "../memory/scale.ts";
import {
  allOf,
  anyOf,
  checkWorkspace,
  sizeOfFloat64,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { factorRows, formRows, householderWorkspace } from "../qr/householder.ts";
import { scaleRow } from "../rows/sign.ts";
import { factorCholesky, solveLower } from "../solve/triangular.ts";
import { rowSvd, rowSvdWorkspace } from "../svd/row-svd.ts";
import { rankOf } from "../svd/tolerance.ts";

const EPS = Number.EPSILON;
/**
 * Up to this condition the Gram matrix of float32 data gives the factor to rounding: its eigenvectors lose ε₆₄ κ² = 2e-7, of which
 * a factor σ₁/σ_r cancels in the product, and the data itself carries ε₃₂ κ.
 */
const GRAM_CONDITION = 3e4;

/** Options of {@link polar}. */
export interface PolarOptions {
  /** Singular values up to `tolerance` times the largest contribute nothing. Default: ε₆₄ max(m, n). */
  readonly tolerance?: number;
}

const OPTIONS: OptionKinds<PolarOptions> = { tolerance: "number" };

/** Result of {@link polar}. */
export interface Polar<D extends Real = Real> {
  /** Orthogonal polar factor, the shape of the input. */
  readonly u: Matrix<D>;
  /** Singular values, descending. */
  readonly s: Float64Array;
  /** Number of singular values above the tolerance. */
  readonly rank: number;
}

/** Outputs of {@link polarInto}. */
export interface PolarOut {
  readonly u: MatrixLike;
  /** Receives the min(m, n) singular values, descending. */
  readonly s?: Float64Array;
}

/**
 * Orthogonal polar factor: for a = U S Vᵀ it is U Vᵀ, the nearest matrix with orthonormal rows (columns, if a is tall).
 *
 * @param a - m × n, any strides, any rank.
 * @returns `u` of the dtype of `a`, the spectrum, and the numerical rank. Directions below the tolerance contribute nothing
 * (u is then a partial isometry, and zero for zero).
 * @throws {NonFiniteError} with the first NaN or infinity.
 * Accuracy: float32 input of condition up to 1e7 gives the exact factor rounded once, because all inside is float64;
 * float64 input of condition κ has an error of about ε₆₄ κ, which is the sensitivity of the factor.
 * Cost: with r = min(m, n), N = max(m, n): 3 N r² + O(r³) flops for float32 up to condition 3e4, else about three times as many.
 *
 * @see Higham, Functions of Matrices (2008), chapter 8. Deviates: directions below the tolerance stay zero.
 *
 * @example
 * polar(fromRows([[3, 4]])).u; // [0.6, 0.8]
 */
export function polar<D extends Real>(a: MatrixLike<D>, options: PolarOptions = {}): Polar<D> {
  checkMatrix("polar", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const u = zerosLike("polar", a, m, n);
  const s = new Float64Array(Math.min(m, n));
  const { rank } = withWorkspace("polar", polarWorkspace(m, n), (work) => polarInto({ u, s }, a, work, options));
  return { u, s, rank };
}

/**
 * out.u ← the orthogonal polar factor, out.s ← the spectrum; see {@link polar}.
 *
 * @param out - `u` m × n of the dtype of `a`, may be `a`; `s` of length min(m, n).
 * @param work - at least {@link polarWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} @throws {NonFiniteError} before anything is written.
 */
export function polarInto(out: PolarOut, a: MatrixLike, work: Workspace, options: PolarOptions = {}): { rank: number } {
  checkMatrix("polar", a);
  checkOptions("polar", options, OPTIONS);
  checkOutputs("polar", out, "u, s");
  checkWorkspace("polar", work);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkOutput("polar", "u", out.u, m, n);
  checkSameDtype("polar", out.u.data, a.data);
  const wide = m <= n;
  const [k, length] = wide ? [m, n] : [n, m];
  if (out.s !== undefined) checkVector("polar", "s", out.s, k);
  const { tolerance = EPS * length } = options;
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new OptionError("polar", `tolerance must lie in [0, 1), got ${tolerance}`);
  }
  const unit = powerOfTwo(largest("polar", a, work.engine));
  return work.scope(() => {
    const x = work.float64(k * length);
    const u = work.float64(k * length);
    const s = work.float64(k);
    if (dtype(a) === "float32" && polarOfGram(m, n, packScaled(work.engine, x, a, 1 / unit), u, s, tolerance, work)) {
      unpackScaled(work.engine, out.u, u, 1);
    } else {
      packScaled(work.engine, x, a, 1 / unit, !wide);
      polarOfFactor(k, length, x, u, s, tolerance, work);
      unpackScaled(work.engine, wide ? out.u : transpose(out.u), u, 1);
    }
    for (let i = 0; i < k; i++) if (out.s !== undefined) out.s[i] = unit * s[i]!;
    return { rank: rankOf(s, tolerance) };
  });
}

/** Bytes of scratch that {@link polarInto} needs. */
export function polarWorkspace(m: number, n: number): WorkspaceSize {
  const [k, length] = [Math.min(m, n), Math.max(m, n)];
  const square = sizeOfFloat64(k * k);
  const long = sizeOfFloat64(k * length);
  return allOf(
    2 * long,
    sizeOfFloat64(k),
    anyOf(
      allOf(2 * square, symmetricEigenWorkspace(k)),
      allOf(
        2 * square,
        anyOf(allOf(2 * square, householderWorkspace(k, length)), allOf(square, rowSvdWorkspace(k, k, k))),
      ),
    ),
  );
}

/**
 * u ← (X Xᵀ)^(−1/2) X, or X (Xᵀ X)^(−1/2) if X is tall, through the eigenvalues of the Gram matrix; false where its condition is
 * too large for that.
 */
function polarOfGram(
  m: number,
  n: number,
  x: Float64Array,
  u: Float64Array,
  s: Float64Array,
  tolerance: number,
  work: Workspace,
): boolean {
  const { engine } = work;
  const wide = m <= n;
  const [k, length] = wide ? [m, n] : [n, m];
  return work.scope(() => {
    const gram = work.float64(k * k);
    const vectors = work.float64(k * k);
    engine.gram(!wide, k, length, x, 0, n, gram, 0, k);
    symmetricEigen("polar", k, gram, s, vectors, work);
    if (k > 0 && !(s[k - 1]! * GRAM_CONDITION ** 2 > s[0]!)) return false;
    for (let i = 0; i < k; i++) s[i] = Math.sqrt(s[i]!);
    const rank = rankOf(s, tolerance);
    // Σ v vᵀ / s over the directions kept is the Gram matrix of the vectors over √s.
    for (let i = 0; i < rank; i++) scaleRow(vectors, i, k, 1 / Math.sqrt(s[i]!));
    engine.gram(true, k, rank, vectors, 0, k, gram, 0, k);
    if (wide) engine.gemm(false, false, m, n, k, 1, gram, 0, k, x, 0, n, 0, u, 0, n);
    else engine.gemm(false, false, m, n, k, 1, x, 0, n, gram, 0, k, 0, u, 0, n);
    return true;
  });
}

/** X = L Q with orthonormal rows in Q; u ← polar(L) Q, and X is spoiled. */
function polarOfFactor(
  k: number,
  n: number,
  x: Float64Array,
  u: Float64Array,
  s: Float64Array,
  tolerance: number,
  work: Workspace,
): void {
  work.scope(() => {
    const l = work.float64(k * k).fill(0);
    const small = work.float64(k * k);
    u.set(x);
    factorOrthonormal(k, n, x, u, l, work);
    polarOfSquare(k, l, small, s, tolerance, work);
    work.engine.gemm(false, false, k, n, k, 1, small, 0, k, x, 0, n, 0, u, 0, n);
  });
}

/**
 * x, l ← Q, L of X = L Q: CholeskyQR twice, or Householder reflectors where a Gram matrix in float64 is not definite.
 * `original` is a copy of X.
 */
function factorOrthonormal(
  k: number,
  n: number,
  x: Float64Array,
  original: Float64Array,
  l: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const first = work.float64(k * k);
    const second = work.float64(k * k);
    if (choleskyPass(k, n, x, first, Infinity, work) && choleskyPass(k, n, x, second, 0.5, work)) {
      work.engine.gemm(false, false, k, k, k, 1, first, 0, k, second, 0, k, 0, l, 0, k);
      return;
    }
    const tau = first.subarray(0, k);
    x.set(original);
    factorRows(k, n, x, tau, work);
    for (let i = 0; i < k; i++) for (let j = 0; j <= i; j++) l[i * k + j] = x[i * n + j]!;
    formRows(k, k, n, x, tau, work);
  });
}

/** l ← the Cholesky factor of X Xᵀ, x ← L⁻¹ X; false if there is none, or if X Xᵀ differs from the identity by more than `limit`. */
function choleskyPass(k: number, n: number, x: Float64Array, l: Float64Array, limit: number, work: Workspace): boolean {
  work.engine.gram(false, k, n, x, 0, n, l, 0, k);
  if (distanceFromIdentity(k, l) > limit) return false;
  if (factorCholesky(k, l, work) < k) return false;
  for (let i = 0; i < k; i++) l.fill(0, i * k + i + 1, (i + 1) * k);
  solveLower(k, l, false, false, n, x, work);
  return true;
}

function distanceFromIdentity(k: number, a: Float64Array): number {
  let most = 0;
  for (let i = 0, at = 0; i < k; i++) {
    for (let j = 0; j < k; j++, at++) most = Math.max(most, Math.abs(a[at]! - (i === j ? 1 : 0)));
  }
  return most;
}

/** u ← the polar factor of the packed k × k matrix `l`, which is spoiled, from its singular value decomposition. */
function polarOfSquare(
  k: number,
  l: Float64Array,
  u: Float64Array,
  s: Float64Array,
  tolerance: number,
  work: Workspace,
): void {
  work.scope(() => {
    const left = work.float64(k * k);
    rowSvd("polar", k, k, l, { s, left, right: l }, k, work);
    const rank = rankOf(s, tolerance);
    work.engine.gemm(true, false, k, k, rank, 1, left, 0, k, l, 0, k, 0, u, 0, k);
  });
}
