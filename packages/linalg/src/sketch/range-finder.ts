import { checkOptions, checkOutputs, type OptionKinds } from "../arguments.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "../eigh/symmetric-eigen.ts";
import { checkOutput, checkSameDtype, checkShape, checkVector, dtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo, scaleBy, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { orthonormalizeColumns } from "../qr/orthonormalize.ts";
import { checkKey, type RandomKey } from "./random.ts";
import {
  checkSketch,
  iterate,
  type RangeFinderSettings,
  type Subspace,
  sketchSize,
  subspaceWorkspace,
  takeSubspace,
  timesLeft,
  timesRight,
} from "./subspace-iteration.ts";

/** Relative rounding of elements of so many bytes. */
const ULP = { 4: 2 ** -24, 8: 2 ** -53 } as const;

/** Options of {@link rangeFinder}. */
export interface RangeFinderOptions extends RangeFinderSettings {
  /** Key of the random numbers: equal keys give equal bits. Default [0, 0, 0]. */
  readonly key?: RandomKey;
  /**
   * m × rank: columns to start from, by one block power iteration, instead of random numbers. They need not be orthonormal, and may be `q`.
   * A start that the matrix maps to rounding holds nothing of its range: random numbers take its place.
   */
  readonly start?: MatrixLike;
}

const OPTIONS: OptionKinds<RangeFinderOptions> = {
  oversampling: "number",
  powerIterations: "number",
  key: "any",
  start: "any",
};

/** Result of {@link rangeFinder}. */
export interface RangeFinder<D extends Real = Real> {
  /** m × rank, orthonormal columns, by falling singular value. */
  readonly q: Matrix<D>;
  /**
   * Estimates of the leading singular values, descending; none exceeds the true one by more than rounding. They come from a Gram matrix in
   * float64, so rounding moves the i-th by up to c m (ε σ₁ + ε₆₄ σ₁²/σᵢ), with a `start` c m (ε σ₁²/σᵢ + ε₆₄ σ₁⁴/σᵢ³).
   * In float32 the first terms rule for any condition that the data can have; for small values of a float64 matrix see {@link randomizedSvd}.
   */
  readonly s: Float64Array;
}

/** Outputs of {@link rangeFinderInto}. */
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
  checkOptions("rangeFinder", options, OPTIONS);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const { oversampling = 8, powerIterations = 1 } = options;
  checkSketch("rangeFinder", m, n, rank, oversampling, powerIterations);
  const out = { q: zerosLike("rangeFinder", a, m, rank), s: new Float64Array(rank) };
  withWorkspace("rangeFinder", rangeFinderWorkspace(m, n, rank, dtype(a), options), (work) =>
    rangeFinderInto(out, a, work, options),
  );
  return out;
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
  options: RangeFinderOptions = {},
): void {
  checkMatrix("rangeFinder", a);
  checkOptions("rangeFinder", options, OPTIONS);
  checkOutputs("rangeFinder", out, "q, s");
  checkWorkspace("rangeFinder", work);
  const { oversampling = 8, powerIterations = 1, key = [0, 0, 0], start } = options;
  checkKey("rangeFinder", key);
  checkMatrix("rangeFinder", out.q);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const rank = out.q.shape[1]!;
  checkSketch("rangeFinder", m, n, rank, oversampling, powerIterations);
  checkOutput("rangeFinder", "q", out.q, m, rank);
  checkSameDtype("rangeFinder", out.q.data, a.data);
  if (out.s !== undefined) checkVector("rangeFinder", "s", out.s, rank);
  if (start !== undefined) {
    checkShape("rangeFinder", "start", start, m, rank);
    largest("rangeFinder", start, work.engine);
  }
  const most = largest("rangeFinder", a, work.engine);
  work.scope(() => {
    const values = work.float64(sketchSize(m, n, rank, oversampling));
    if (start === undefined || !startWarm(a, most, start, values.subarray(0, rank), out.q, work)) {
      const subspace = takeSubspace(work, a, values.length, most);
      iterate(subspace, powerIterations, key, work);
      rotate(subspace, values, out.q, work);
      scaleBy(values, subspace.unit);
    }
    out.s?.set(values.subarray(0, rank));
  });
}

/** Bytes of scratch that {@link rangeFinderInto} needs. */
export function rangeFinderWorkspace(
  m: number,
  n: number,
  rank: number,
  type: Dtype = "float64",
  { oversampling = 8 }: RangeFinderSettings = {},
): WorkspaceSize {
  const l = sketchSize(m, n, rank, oversampling);
  return allOf(
    subspaceWorkspace(m, n, l, type),
    sizeOfFloat64(l),
    2 * sizeOfFloat64(l * l),
    2 * sizeOfFloat64(m * l),
    symmetricEigenWorkspace(l),
  );
}

/** q ← the leading columns of the basis, turned to the singular directions of Qᵀ A; values ← their singular values. */
function rotate(subspace: Subspace, values: Float64Array, q: MatrixLike, work: Workspace): void {
  const rank = q.shape[1]!;
  work.scope(() => {
    const turned = work.float64(subspace.m * rank);
    turn(subspace, subspace.right, subspace.n, turned, rank, values, work);
    for (let i = 0; i < subspace.l; i++) values[i] = Math.sqrt(Math.max(0, values[i]!));
    unpackScaled(work.engine, q, turned, 1);
  });
}

/**
 * q ← orth(A Aᵀ start), turned to its singular directions; values ← their singular values. False, with nothing written, if a column of
 * the start, or all of them together, lie so near the left null space of A that the product is rounding.
 */
function startWarm(
  a: MatrixLike,
  most: number,
  start: MatrixLike,
  values: Float64Array,
  q: MatrixLike,
  work: Workspace,
): boolean {
  const [m, l] = [q.shape[0]!, q.shape[1]!];
  return work.scope(() => {
    const subspace = takeSubspace(work, a, l, most);
    packOrthonormal(subspace, start, work);
    if (!iterateOnce(subspace, values, work) && most > 0) return false;
    orthonormalizeColumns(m, l, subspace.left, false, work);
    unpackScaled(work.engine, q, subspace.left, 1);
    scaleBy(values, subspace.unit);
    return true;
  });
}

/** left ← the columns of `start`, or an orthonormal basis of their span where they are not orthonormal to rounding. */
function packOrthonormal({ m, l, left }: Subspace, start: MatrixLike, work: Workspace): void {
  packScaled(work.engine, left, start, 1);
  if (isOrthonormal(m, l, left, work)) return;
  for (let j = 0; j < l; j++) {
    let most = 0;
    for (let at = j; at < m * l; at += l) most = Math.max(most, Math.abs(left[at]!));
    const unit = powerOfTwo(most);
    for (let at = j; at < m * l; at += l) left[at] = left[at]! / unit;
  }
  orthonormalizeColumns(m, l, left, false, work);
}

function isOrthonormal(m: number, l: number, left: Real, work: Workspace): boolean {
  const tolerance = (16 + m) * ULP[left.BYTES_PER_ELEMENT as 4 | 8];
  return work.scope(() => {
    const gram = work.float64(l * l);
    work.engine.gram(true, l, m, left, 0, l, gram, 0, l);
    for (let i = 0; i < l; i++) {
      for (let j = 0; j < l; j++) if (!(Math.abs(gram[i * l + j]! - (i === j ? 1 : 0)) <= tolerance)) return false;
    }
    return true;
  });
}

/**
 * left ← A Aᵀ left, turned to its singular directions. The singular values of that product are the squares of those of A
 * to the extent that `left` spans their directions, and never more. False if the least of them is rounding beside the largest.
 */
function iterateOnce(subspace: Subspace, values: Float64Array, work: Workspace): boolean {
  const { m, l, left } = subspace;
  timesLeft(subspace, work);
  timesRight(subspace, work);
  const isWhole = work.scope(() => {
    const turned = work.float64(m * l);
    turn(subspace, left, m, turned, l, values, work);
    left.set(turned);
    return values[l - 1]! > ULP[left.BYTES_PER_ELEMENT as 4 | 8] ** 2 * values[0]!;
  });
  for (let i = 0; i < l; i++) values[i] = Math.max(0, values[i]!) ** 0.25;
  return isWhole;
}

/** out ← left V, the first `count` columns, with the eigenvectors of the Gram matrix of `of` (length × l) by falling values. */
function turn(
  { m, l, left }: Subspace,
  of: Real,
  length: number,
  out: Float64Array,
  count: number,
  values: Float64Array,
  work: Workspace,
): void {
  const { engine } = work;
  work.scope(() => {
    const gram = work.float64(l * l);
    const vectors = work.float64(l * l);
    const basis = work.float64(m * l);
    engine.gram(true, l, length, of, 0, l, gram, 0, l);
    symmetricEigen("rangeFinder", l, gram, values, vectors, work);
    engine.convert(m * l, 1, left, 0, basis, 0);
    engine.gemm(false, true, m, count, l, 1, basis, 0, l, vectors, 0, l, 0, out, 0, count);
  });
}
