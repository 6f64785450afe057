import type { Engine } from "../engine/engine.ts";
import { powerOfTwo } from "../memory/scale.ts";
import { createSmallSystem, type SmallSystem, solveSmall } from "./small-system.ts";

const EPS = Number.EPSILON;
const SAFE_MIN = 2 ** -1022;
/** Components larger than this are brought to 1, so that sums of their products with T stay in range. */
const LARGEST = 2 ** 500;

/** The eigenvector of λ = re + i im: zero from component `end` on, its parts in one or two rows from `row` on. */
interface Vector {
  readonly re: number;
  readonly im: number;
  readonly row: number;
  readonly parts: 1 | 2;
  readonly end: number;
  /** A pivot of T − λ below this is a rounding of λ. */
  readonly least: number;
}

/**
 * Right eigenvectors of the packed n × n matrix `t` in real Schur form with standard blocks and elements of moderate size, to the rows
 * of the packed `x`: row k for a real eigenvalue in row k of T; for a block in rows k and k + 1, the real and the imaginary part of the
 * vector of the eigenvalue with positive imaginary part. The largest component lies between 1 and 2 in magnitude.
 *
 * An eigenvalue that repeats is taken as one that differs by a rounding, so that defective matrices have nearly parallel vectors.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §7.6.4; LAPACK, dtrevc and dlaln2.
 */
export function quasiTriangularVectors(n: number, t: Float64Array, x: Float64Array, engine: Engine): void {
  const system = createSmallSystem();
  const tiny = SAFE_MIN * (n / EPS);
  x.fill(0);
  for (let k = 0; k < n; k++) {
    const at = k * n + k;
    const paired = k + 1 < n && t[at + n] !== 0;
    const im = paired ? Math.sqrt(Math.abs(t[at + 1]!)) * Math.sqrt(Math.abs(t[at + n]!)) : 0;
    const re = t[at]!;
    const least = Math.max(EPS * (Math.abs(re) + im), tiny);
    const parts = paired ? 2 : 1;
    const vector: Vector = { re, im, row: k * n, parts, end: k + parts, least };
    if (paired) writeBlockVector(n, t, x, k, im);
    else x[at] = 1;
    for (let j = k - 1; j >= 0; j--) {
      const size = j > 0 && t[j * n + j - 1] !== 0 ? 2 : 1;
      j -= size - 1;
      substitute(engine, n, t, x, vector, j, size, system);
    }
    divide(x, k * n, parts * n, powerOfTwo(engine.largest(parts * n, x, k * n)));
    k += parts - 1;
  }
}

/** Components k and k + 1 of the vector of the block there, of which one is real and one imaginary. */
function writeBlockVector(n: number, t: Float64Array, x: Float64Array, k: number, im: number): void {
  const at = k * n + k;
  const [upper, lower] = [t[at + 1]!, t[at + n]!];
  if (Math.abs(upper) >= Math.abs(lower)) {
    x[at] = 1;
    x[at + n + 1] = im / upper;
  } else {
    x[at] = -im / lower;
    x[at + n + 1] = 1;
  }
}

/** Components j … j + size − 1, from those below them: a block row of (T − λ) x = 0. */
function substitute(
  engine: Engine,
  n: number,
  t: Float64Array,
  x: Float64Array,
  { re, im, row, parts, end, least }: Vector,
  j: number,
  size: number,
  system: SmallSystem,
): void {
  const { matrix, right, solution } = system;
  const from = j + size;
  const order = parts * size;
  let most = 0;
  for (let i = 0; i < order; i++) {
    const [equation, part] = [j + (i % size), row + Math.floor(i / size) * n];
    right[i] = -engine.dot(end - from, t, equation * n + from, x, part + from);
    most = Math.max(most, Math.abs(right[i]!));
  }
  if (most === 0) return;
  const unit = powerOfTwo(most);
  for (let i = 0; i < order; i++) right[i]! /= unit;
  matrix.fill(0);
  for (let part = 0; part < parts; part++) {
    for (let p = 0; p < size; p++) {
      const i = part * size + p;
      for (let q = 0; q < size; q++) matrix[i * order + part * size + q] = t[(j + p) * n + j + q]! - (p === q ? re : 0);
      // (T − re − i im)(u + i v) = (T − re) u + im v + i ((T − re) v − im u).
      if (parts === 2) matrix[i * order + (1 - part) * size + p] = part === 0 ? im : -im;
    }
  }
  solveSmall(order, system, least);
  most = 0;
  for (let i = 0; i < order; i++) most = Math.max(most, Math.abs(solution[i]!));
  let factor = unit;
  if (!(most * unit <= LARGEST)) {
    factor = 1 / powerOfTwo(most);
    for (let part = 0; part < parts; part++) {
      divide(x, row + part * n + from, end - from, powerOfTwo(most));
      divide(x, row + part * n + from, end - from, unit);
    }
  }
  for (let i = 0; i < order; i++) x[row + Math.floor(i / size) * n + j + (i % size)] = factor * solution[i]!;
}

function divide(x: Float64Array, offset: number, length: number, unit: number): void {
  if (unit !== 1) for (let i = offset; i < offset + length; i++) x[i]! /= unit;
}
