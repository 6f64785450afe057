import { checkOutput, checkSameDtype, dtype, unpack } from "./border.ts";
import { currentEngine } from "./engine/current.ts";
import { OptionError, ShapeError } from "./errors.ts";
import { factorRows, formRows } from "./householder.ts";
import { checkMatrix, type Dtype, type Matrix, type MatrixLike, type Real, zeros } from "./matrix.ts";
import { fillNormal, type RandomKey } from "./random.ts";
import { largest, packScaled, powerOfTwo } from "./scale.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "./symmetric-eigen.ts";
import { allOf, anyOf, sizeOfFloat32, sizeOfFloat64, Workspace, type WorkspaceSize } from "./workspace.ts";

export interface RangeFinderSettings {
  /** Columns that the random sketch has beyond the rank; default 8. Ignored with a warm start. */
  readonly oversampling?: number;
  /** Multiplications with a aᵀ, re-orthogonalized after each product; default 1. Ignored with a warm start. */
  readonly powerIterations?: number;
}

export interface RangeFinderOptions extends RangeFinderSettings {
  /** Names the random numbers: equal keys give equal bits. Default [0, 0, 0]. */
  readonly key?: RandomKey;
  /** m × rank: a basis to start from, by one block power iteration, instead of random numbers. May be `q`. */
  readonly start?: MatrixLike;
}

export interface RangeFinder<D extends Real = Real> {
  /** m × rank, orthonormal columns, by falling singular value. */
  readonly q: Matrix<D>;
  /** Estimates of the leading singular values, descending; none exceeds the true one by more than rounding. */
  readonly s: Float64Array;
}

export interface RangeFinderOut {
  readonly q: MatrixLike;
  /** Receives the `rank` estimates. */
  readonly s?: Float64Array;
}

/**
 * An orthonormal basis of the leading left singular directions of `a`, by randomized subspace iteration.
 *
 * Sketch, power iterations with an orthogonalization after every product, projection, small eigenproblem, rotation, and only
 * then truncation to `rank`. With `start`: one power iteration from there, which under slow drift is cheaper and better.
 *
 * @param a - m × n, any strides.
 * @param rank - at most min(m, n).
 * @throws {NonFiniteError} @throws {ShapeError} if the rank is too large @throws {OptionError} for an option outside its range.
 * Accuracy: ‖qᵀq − I‖ is rounding of the dtype for every `a`, zero included; the captured energy is within
 * (σ_{k+1}/σ_k)^{4p+2} of the best, in expectation (p power iterations).
 * Cost: 2mn(rank + oversampling)(2 + 2 powerIterations) flops; with `start` 4mn rank.
 *
 * @see Halko, Martinsson and Tropp, Finding structure with randomness (2011), algorithms 4.4 and 5.1.
 *
 * @example
 * const { q } = rangeFinder(gradient, 16, { key: [seed, 0, step] });
 */
export function rangeFinder<D extends Real>(
  a: MatrixLike<D>,
  rank: number,
  options: RangeFinderOptions = {},
): RangeFinder<D> {
  checkMatrix("rangeFinder", a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkRank(rank, m, n);
  const q = zeros(m, rank, dtype(a)) as Matrix as Matrix<D>;
  const s = new Float64Array(rank);
  const work = new Workspace(currentEngine(), rangeFinderWorkspace(m, n, rank, dtype(a), options));
  try {
    rangeFinderInto({ q, s }, a, work, options);
    return { q, s };
  } finally {
    work.dispose();
  }
}

/**
 * out.q ← the basis, out.s ← the estimates; see {@link rangeFinder}. The rank is the number of columns of `out.q`.
 *
 * @param out - `q` m × rank of the dtype of `a`, apart from `a`; `s` of length rank.
 * @param work - at least {@link rangeFinderWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} @throws {NonFiniteError} before anything is written.
 */
export function rangeFinderInto(
  out: RangeFinderOut,
  a: MatrixLike,
  work: Workspace,
  { oversampling = 8, powerIterations = 1, key = [0, 0, 0], start }: RangeFinderOptions = {},
): void {
  checkMatrix("rangeFinder", a);
  checkMatrix("rangeFinder", out.q);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const rank = out.q.shape[1]!;
  checkRank(rank, m, n);
  checkOutput("rangeFinder", "q", out.q, m, rank);
  checkSameDtype("rangeFinder", out.q.data, a.data);
  checkSettings(oversampling, powerIterations);
  if (out.s !== undefined && out.s.length !== rank) {
    throw new ShapeError("rangeFinder", `expected s of length ${rank}, got ${out.s.length}`);
  }
  if (start !== undefined) checkOutput("rangeFinder", "start", start, m, rank);
  const unit = powerOfTwo(largest("rangeFinder", a));
  work.scope(() => {
    const take = takeLike(work, a);
    const x = packScaled(take(m * n), a, 1 / unit);
    const sketch: Sketch = { work, x, m, n, l: rank };
    if (start === undefined) {
      sketch.l = Math.min(rank + oversampling, m, n);
      cold(sketch, powerIterations, key, out, rank, unit);
    } else {
      warm(sketch, start, out, rank, unit);
    }
  });
}

/** Bytes of scratch that {@link rangeFinderInto} needs. */
export function rangeFinderWorkspace(
  m: number,
  n: number,
  rank: number,
  dtype: Dtype = "float64",
  { oversampling = 8 }: RangeFinderSettings = {},
): WorkspaceSize {
  const sizeOf = dtype === "float32" ? sizeOfFloat32 : sizeOfFloat64;
  const l = Math.min(rank + oversampling, m, n);
  const longer = Math.max(m, n);
  return allOf(
    sizeOf(m * n),
    sizeOf(m * l),
    sizeOf(n * l),
    sizeOfFloat64(l),
    anyOf(
      allOf(sizeOfFloat64(l * longer), sizeOfFloat64(l)),
      allOf(2 * sizeOfFloat64(l * l), 2 * sizeOfFloat64(m * l), symmetricEigenWorkspace(l)),
    ),
  );
}

/** The scaled matrix, row-major m × n, and the number of columns that are iterated. */
interface Sketch {
  readonly work: Workspace;
  readonly x: Real;
  readonly m: number;
  readonly n: number;
  l: number;
}

function cold(
  sketch: Sketch,
  powerIterations: number,
  key: RandomKey,
  out: RangeFinderOut,
  rank: number,
  unit: number,
): void {
  const { work, m, n, l } = sketch;
  const take = takeLike(work, out.q);
  const left = take(m * l);
  const right = take(n * l);
  const values = work.float64(l);
  fillNormal(right, key);
  timesRight(sketch, right, left);
  orthonormalize(work, m, l, left);
  for (let i = 0; i < powerIterations; i++) {
    timesLeft(sketch, left, right);
    orthonormalize(work, n, l, right);
    timesRight(sketch, right, left);
    orthonormalize(work, m, l, left);
  }
  timesLeft(sketch, left, right);
  rotate(work, m, l, left, n, right, values, out.q, rank);
  for (let i = 0; i < rank; i++) if (out.s !== undefined) out.s[i] = unit * Math.sqrt(Math.max(0, values[i]!));
}

/** One block power iteration. Its spectrum is that of A Aᵀ Q, the squares of the singular values. */
function warm(sketch: Sketch, start: MatrixLike, out: RangeFinderOut, rank: number, unit: number): void {
  const { work, m, n } = sketch;
  const take = takeLike(work, out.q);
  const left = packScaled(take(m * rank), start, 1);
  const right = take(n * rank);
  const values = work.float64(rank);
  timesLeft(sketch, left, right);
  timesRight(sketch, right, left);
  work.scope(() => {
    // A copy of the product, because its Gram matrix is that of the columns before they are made orthonormal.
    const gram = work.float64(rank * rank);
    work.engine.gram(true, rank, m, left, 0, rank, gram, 0, rank);
    symmetricEigen("rangeFinder", rank, gram, values, undefined, work);
  });
  for (let i = 0; i < rank; i++) if (out.s !== undefined) out.s[i] = unit * Math.max(0, values[i]!) ** 0.25;
  orthonormalize(work, m, rank, left);
  unpack(out.q, left);
}

/** left ← A right. */
function timesRight({ work, x, m, n, l }: Sketch, right: Real, left: Real): void {
  work.engine.gemm(false, false, m, l, n, 1, x, 0, n, right, 0, l, 0, left, 0, l);
}

/** right ← Aᵀ left. */
function timesLeft({ work, x, m, n, l }: Sketch, left: Real, right: Real): void {
  work.engine.gemm(true, false, n, l, m, 1, x, 0, n, left, 0, l, 0, right, 0, l);
}

/** Columns of the packed m × l matrix `y` ← an orthonormal basis of their span, completed where they are dependent. */
function orthonormalize(work: Workspace, m: number, l: number, y: Real): void {
  work.scope(() => {
    const rows = packScaled(work.float64(l * m), { data: y, shape: [m, l], stride: [l, 1], offset: 0 }, 1, true);
    const tau = work.float64(l);
    factorRows(work.engine, l, m, rows, tau);
    formRows(work.engine, l, m, rows, tau);
    unpack({ data: y, shape: [l, m], stride: [1, l], offset: 0 }, rows);
  });
}

/** Rotates the basis to the singular directions of Qᵀ A = rightᵀ and keeps the first `rank`; `values` ← their squares. */
function rotate(
  work: Workspace,
  m: number,
  l: number,
  left: Real,
  n: number,
  right: Real,
  values: Float64Array,
  q: MatrixLike,
  rank: number,
): void {
  work.scope(() => {
    const gram = work.float64(l * l);
    const vectors = work.float64(l * l);
    work.engine.gram(true, l, n, right, 0, l, gram, 0, l);
    symmetricEigen("rangeFinder", l, gram, values, vectors, work);
    const basis = packScaled(work.float64(m * l), { data: left, shape: [m, l], stride: [l, 1], offset: 0 }, 1);
    const rotated = work.float64(m * l);
    work.engine.gemm(false, true, m, rank, l, 1, basis, 0, l, vectors, 0, l, 0, rotated, 0, rank);
    unpack(q, rotated);
  });
}

const takeLike =
  (work: Workspace, a: MatrixLike) =>
  (count: number): Real =>
    dtype(a) === "float32" ? work.float32(count) : work.float64(count);

function checkRank(rank: number, m: number, n: number): void {
  if (!(Number.isInteger(rank) && rank >= 0)) {
    throw new OptionError("rangeFinder", `rank must be a whole number, got ${rank}`);
  }
  if (rank > Math.min(m, n)) throw new ShapeError("rangeFinder", `rank ${rank} exceeds min of [${m}, ${n}]`);
}

function checkSettings(oversampling: number, powerIterations: number): void {
  for (const [name, value] of Object.entries({ oversampling, powerIterations })) {
    if (!(Number.isInteger(value) && value >= 0)) {
      throw new OptionError("rangeFinder", `${name} must be a whole number, got ${value}`);
    }
  }
}
