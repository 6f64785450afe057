import {
  describe,
  eigvalsh,
  fillNormal,
  type Matrix,
  matrix,
  type OptionKinds,
  type RandomKey,
  svd,
  transpose as transposeView,
} from "@sumo/linalg";
import { checkOptions, checkTensors } from "../arguments.ts";
import { GpuOptionError, GpuShapeError } from "../errors.ts";
import { gram, matmul } from "../operations/matmul.ts";
import { transpose } from "../operations/move.ts";
import type { GpuTensor } from "../tensor/tensor.ts";
import { choleskyQR, orthonormalized } from "./cholesky-qr.ts";
import { rescaled } from "./scaling.ts";

/** Options of the randomized decompositions. */
export interface RandomizedOptions {
  /** Columns of the random sketch beyond the rank; default 8. */
  readonly oversampling?: number;
  /** Multiplications with a aᵀ, re-orthogonalized after each product; default 1. */
  readonly powerIterations?: number;
  /** Key of the random numbers, which are those of `@sumo/linalg`. Default [0, 0, 0]. */
  readonly key?: RandomKey;
}

/** Options of the range finder on the GPU. */
export interface GpuRangeFinderOptions extends RandomizedOptions {
  /** m × rank: basis for a warm start by one block power iteration, instead of random numbers. */
  readonly start?: GpuTensor;
  /** Find the range of aᵀ. Default false. */
  readonly transpose?: boolean;
}

/** An orthonormal basis of a matrix's range on the GPU. */
export interface GpuRangeFinder {
  /** m × rank, orthonormal columns in descending order of singular values. Owned by the innermost open scope, else by the caller. */
  readonly q: GpuTensor;
  /** Estimates of the leading singular values, descending. */
  readonly s: Float64Array;
}

/** Leading singular triplets of a matrix on the GPU. */
export interface GpuSVD {
  /** m × rank. Owned, like `vt`, by the innermost open scope, else by the caller. */
  readonly u: GpuTensor;
  /** Descending. */
  readonly s: Float64Array;
  /** rank × n. */
  readonly vt: GpuTensor;
}

/**
 * An orthonormal basis of the leading left singular directions of `a`, as `rangeFinder` of `@sumo/linalg`: products on the GPU,
 * matrices of the sketch's width on the CPU.
 *
 * @throws {GpuShapeError} if the rank exceeds min(m, n). @throws {GpuOptionError} @throws {NonFiniteError}
 * Accuracy: ‖qᵀq − I‖ is of the order of float32 rounding for every `a`; the captured energy is that of `@sumo/linalg`'s.
 *
 * @see Halko, Martinsson and Tropp, Finding structure with randomness (2011), algorithms 4.4 and 5.1.
 */
export function rangeFinder(a: GpuTensor, rank: number, options: GpuRangeFinderOptions = {}): GpuRangeFinder {
  const { start, transpose: flipped = false } = options ?? {};
  checkTensors("rangeFinder", start === undefined ? [a] : [a, start]);
  checkSketch("rangeFinder", options, RANGE_OPTIONS);
  const [m, n] = flipped ? [a.cols, a.rows] : [a.rows, a.cols];
  checkRank("rangeFinder", rank, m, n);
  if (start !== undefined && (start.rows !== m || start.cols !== rank)) {
    throw new GpuShapeError(`rangeFinder: expected start ${m} x ${rank}, got ${start.rows} x ${start.cols}`);
  }
  return a.gpu.scope(() => {
    const { x, unit } = rescaled("rangeFinder", a);
    const found = start === undefined ? cold(x, rank, flipped, options) : warm(x, start, flipped);
    return { q: found.q, s: found.s.map((value) => unit * value) };
  });
}

/**
 * The leading singular triplets, as `randomizedSvd` of `@sumo/linalg`: u diag(s) vt ≈ a.
 *
 * @throws {GpuShapeError} if the rank exceeds min(m, n). @throws {GpuOptionError} @throws {NonFiniteError}
 * Accuracy: u and v orthonormal to rounding of float32; singular values to rounding of float32 of the largest, plus the sketch's error.
 */
export function randomizedSvd(a: GpuTensor, rank: number, options: RandomizedOptions = {}): GpuSVD {
  checkTensors("randomizedSvd", [a]);
  checkSketch("randomizedSvd", options, OPTIONS);
  checkRank("randomizedSvd", rank, a.rows, a.cols);
  return a.gpu.scope(() => {
    const { x, unit } = rescaled("randomizedSvd", a);
    const { left, right, small } = sketched(x, rank, false, options);
    const u = matmul(left, a.gpu.tensor(leading(small.u, rank)));
    const v = matmul(right, a.gpu.tensor(leading(transposeView(small.vt), rank)));
    return { u, s: small.s.slice(0, rank).map((value) => unit * value), vt: transpose(v) };
  });
}

function cold(x: GpuTensor, rank: number, flipped: boolean, options: RandomizedOptions): GpuRangeFinder {
  const { left, small } = sketched(x, rank, flipped, options);
  return { q: matmul(left, x.gpu.tensor(leading(small.u, rank))), s: small.s.slice(0, rank) };
}

/** One block power iteration. Its spectrum is that of A Aᵀ Q, the squares of the singular values. */
function warm(x: GpuTensor, start: GpuTensor, flipped: boolean): GpuRangeFinder {
  const right = matmul(x, start, { transposeA: !flipped });
  const left = matmul(x, right, { transposeA: flipped });
  const { x: near, unit } = rescaled("rangeFinder", left);
  const squares = eigvalsh(square(gram(near, { transpose: true }), start.cols));
  const s = squares.map((value) => Math.sqrt(unit * Math.sqrt(Math.max(0, value)))).sort((p, q) => q - p);
  return { q: orthonormalized(near), s };
}

/** A ≈ left core rightᵀ with orthonormal left (m × l) and right (n × l), and the SVD of the l × l core. */
interface Sketched {
  readonly left: GpuTensor;
  readonly right: GpuTensor;
  readonly small: { readonly u: Matrix<Float64Array>; readonly s: Float64Array; readonly vt: Matrix<Float64Array> };
}

function sketched(x: GpuTensor, rank: number, flipped: boolean, options: RandomizedOptions): Sketched {
  const { oversampling = 8, powerIterations = 1, key = [0, 0, 0] } = options;
  const [m, n] = flipped ? [x.cols, x.rows] : [x.rows, x.cols];
  const l = Math.min(rank + oversampling, m, n);
  const random = new Float32Array(n * l);
  fillNormal(random, key);
  const timesRight = (right: GpuTensor): GpuTensor => matmul(x, right, { transposeA: flipped });
  const timesLeft = (left: GpuTensor): GpuTensor => matmul(x, left, { transposeA: !flipped });
  let left = orthonormalized(timesRight(x.gpu.tensor(random, n, l)));
  for (let i = 0; i < powerIterations; i++) left = orthonormalized(timesRight(orthonormalized(timesLeft(left))));
  const { q: right, r } = choleskyQR(timesLeft(left));
  return { left, right, small: svd(transposeView(r)) };
}

/** The first columns. */
function leading(a: Matrix<Float64Array>, count: number): Matrix<Float64Array> {
  return matrix(a.shape[0], count, a.data, { offset: a.offset, stride: [a.stride[0], a.stride[1]] });
}

const OPTIONS: OptionKinds<RandomizedOptions> = { oversampling: "number", powerIterations: "number", key: "any" };
const RANGE_OPTIONS: OptionKinds<GpuRangeFinderOptions> = { ...OPTIONS, start: "any", transpose: "boolean" };

/** First number above each part of a key: those of linear algebra. */
const KEY_LIMITS: readonly number[] = [2 ** 53, 2 ** 53, 2 ** 32];

function checkSketch<Options extends RandomizedOptions>(
  operation: string,
  options: Options,
  kinds: OptionKinds<Options>,
): void {
  checkOptions(operation, options, kinds);
  const { oversampling = 0, powerIterations = 0, key = [0, 0, 0] } = options;
  for (const [name, value] of Object.entries({ oversampling, powerIterations })) {
    if (Number.isInteger(value) && value >= 0) continue;
    throw new GpuOptionError(`${operation}: ${name} must be a whole number, got ${value}`);
  }
  const inRange = (limit: number, i: number): boolean =>
    Number.isSafeInteger(key[i]) && key[i]! >= 0 && key[i]! < limit;
  if (Array.isArray(key) && key.length === KEY_LIMITS.length && KEY_LIMITS.every(inRange)) return;
  throw new GpuOptionError(`${operation}: expected key [seed, stream, counter] of whole numbers, got ${describe(key)}`);
}

const square = (a: GpuTensor, n: number): Matrix<Float64Array> => matrix(n, n, Float64Array.from(a.read()));

function checkRank(operation: string, rank: number, m: number, n: number): void {
  if (!(Number.isInteger(rank) && rank >= 0)) {
    throw new GpuOptionError(`${operation}: rank must be a whole number, got ${describe(rank)}`);
  }
  if (rank > Math.min(m, n)) throw new GpuShapeError(`${operation}: rank ${rank} exceeds min of ${m} x ${n}`);
}
