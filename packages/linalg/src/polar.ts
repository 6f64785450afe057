import { checkOutput, checkSameDtype, dtype, unpack } from "./border.ts";
import { currentEngine } from "./engine/current.ts";
import { OptionError, ShapeError } from "./errors.ts";
import { factorRows, formRows } from "./householder.ts";
import { orthogonalizeRows, orthogonalizeRowsWorkspace } from "./jacobi.ts";
import { checkMatrix, type Dtype, type Matrix, type MatrixLike, type Real, transpose, zeros } from "./matrix.ts";
import { largest, packScaled, powerOfTwo } from "./scale.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "./symmetric-eigen.ts";
import { allOf, anyOf, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";

const EPS = Number.EPSILON;
/**
 * Up to this condition the Gram matrix of float32 data gives the factor to rounding: its eigenvectors lose ε₆₄ κ² = 2e-7, of which
 * a factor σ₁/σ_r cancels in the product, and the data itself carries ε₃₂ κ.
 */
const GRAM_CONDITION = 3e4;

export interface PolarOptions {
  /** Singular values up to `tolerance` times the largest contribute nothing. Default: ε₆₄ max(m, n). */
  readonly tolerance?: number;
}

export interface Polar<D extends Real = Real> {
  /** Orthogonal polar factor, the shape of the input. */
  readonly u: Matrix<D>;
  /** Singular values, descending. */
  readonly s: Float64Array;
  /** How many of them exceed the tolerance. */
  readonly rank: number;
}

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
  const u = zeros(m, n, dtype(a)) as Matrix as Matrix<D>;
  const s = new Float64Array(Math.min(m, n));
  const work = new Workspace(currentEngine(), polarWorkspace(m, n, dtype(a)));
  try {
    const { rank } = polarInto({ u, s }, a, work, options);
    return { u, s, rank };
  } finally {
    work.dispose();
  }
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
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkOutput("polar", "u", out.u, m, n);
  checkSameDtype("polar", out.u.data, a.data);
  const wide = m <= n;
  const [k, length] = wide ? [m, n] : [n, m];
  if (out.s !== undefined && out.s.length !== k) {
    throw new ShapeError("polar", `expected s of length ${k}, got ${out.s.length}`);
  }
  const { tolerance = EPS * length } = options;
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new OptionError("polar", `tolerance must lie in [0, 1), got ${tolerance}`);
  }
  const unit = powerOfTwo(largest("polar", a));
  return work.scope(() => {
    const x = packScaled(work.float64(k * length), a, 1 / unit, !wide);
    const s = work.float64(k);
    if (!(dtype(a) === "float32" && polarOfGram(k, length, x, s, tolerance, work))) {
      polarOfFactor(k, length, x, s, tolerance, work);
    }
    unpack(wide ? out.u : transpose(out.u), x);
    for (let i = 0; i < k; i++) if (out.s !== undefined) out.s[i] = unit * s[i]!;
    return { rank: countAbove(s, tolerance) };
  });
}

/** Bytes of scratch that {@link polarInto} needs. */
export function polarWorkspace(m: number, n: number, _dtype: Dtype = "float64"): WorkspaceSize {
  const [k, length] = [Math.min(m, n), Math.max(m, n)];
  const square = sizeOfFloat64(k * k);
  return allOf(
    2 * sizeOfFloat64(k * length),
    sizeOfFloat64(k),
    3 * square,
    sizeOfFloat64(k),
    anyOf(symmetricEigenWorkspace(k), orthogonalizeRowsWorkspace(k)),
  );
}

/**
 * X ← (X Xᵀ)^(−1/2) X through the eigenvalues of the Gram matrix; false, with X untouched, where its condition is too large for that.
 */
function polarOfGram(
  k: number,
  n: number,
  x: Float64Array,
  s: Float64Array,
  tolerance: number,
  work: Workspace,
): boolean {
  return work.scope(() => {
    const gram = work.float64(k * k);
    const vectors = work.float64(k * k);
    work.engine.gram(false, k, n, x, 0, n, gram, 0, k);
    symmetricEigen("polar", k, gram, s, vectors, work);
    if (k > 0 && !(s[k - 1]! * GRAM_CONDITION ** 2 > s[0]!)) return false;
    for (let i = 0; i < k; i++) s[i] = Math.sqrt(s[i]!);
    const scaled = work.float64(k * k);
    for (let i = 0, at = 0; i < k; i++) {
      const factor = s[i]! > tolerance * s[0]! ? 1 / s[i]! : 0;
      for (let j = 0; j < k; j++, at++) scaled[at] = factor * vectors[at]!;
    }
    work.engine.gemm(true, false, k, k, k, 1, vectors, 0, k, scaled, 0, k, 0, gram, 0, k);
    const product = work.float64(k * n);
    work.engine.gemm(false, false, k, n, k, 1, gram, 0, k, x, 0, n, 0, product, 0, n);
    x.set(product);
    return true;
  });
}

/** X = L Q with orthonormal rows in Q; X ← polar(L) Q, with the polar factor of L from its Jacobi SVD. */
function polarOfFactor(
  k: number,
  n: number,
  x: Float64Array,
  s: Float64Array,
  tolerance: number,
  work: Workspace,
): void {
  const { engine } = work;
  work.scope(() => {
    const l = work.float64(k * k).fill(0);
    const j = work.float64(k * k).fill(0);
    const tau = work.float64(k);
    factorRows(engine, k, n, x, tau);
    for (let i = 0; i < k; i++) {
      for (let p = 0; p <= i; p++) l[i * k + p] = x[i * n + p]!;
      j[i * k + i] = 1;
    }
    formRows(engine, k, n, x, tau);
    orthogonalizeRows("polar", k, k, l, s, k, j, work);
    for (let i = 0; i < k; i++) {
      const factor = s[i]! > tolerance * s[0]! ? 1 / s[i]! : 0;
      for (let p = 0; p < k; p++) l[i * k + p]! *= factor;
    }
    const small = work.float64(k * k);
    engine.gemm(true, false, k, k, k, 1, j, 0, k, l, 0, k, 0, small, 0, k);
    const product = work.float64(k * n);
    engine.gemm(false, false, k, n, k, 1, small, 0, k, x, 0, n, 0, product, 0, n);
    x.set(product);
  });
}

const countAbove = (s: Float64Array, tolerance: number): number =>
  s.reduce((count, value) => (value > tolerance * s[0]! ? count + 1 : count), 0);
