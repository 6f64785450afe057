import { powerOfTwo } from "../memory/scale.ts";
import { swapRows } from "../rows/sort-rows.ts";

/** A row and column are scaled only if that leaves no more than this share of the sum of their norms. */
const ENOUGH = 0.95;
/** Exponents of the scaling stay within this, so that factors and their reciprocals are normal numbers. */
const LARGEST_EXPONENT = 1000;

/** The rows and columns low … high that are left after eigenvalues were isolated; outside of them a balanced matrix is upper triangular. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Balances the packed n × n matrix `a` by an exact similarity: a permutation that isolates eigenvalues, then powers of two that bring
 * each row and column of the rest to about the same 2-norm, diagonal elements included.
 * On exit row and column i outside of low … high were exchanged with exchanges[i], for i = n − 1 … high + 1, then 0 … low − 1; and
 * column i was multiplied by 2^exponents[i], row i divided by it.
 *
 * @see James, Langou and Lowery, On matrix balancing and eigenvector computation (2014), algorithm 3; LAPACK, dgebal.
 */
export function balance(n: number, a: Float64Array, exchanges: Int32Array, exponents: Int32Array): Range {
  exponents.fill(0);
  const range = isolate(n, a, exchanges);
  while (scaleOnce(n, a, exponents, range)) {}
  return range;
}

/** The rows of the packed m × n matrix `x`, right eigenvectors of the balanced matrix, ← those of the matrix that was given. */
export function undoBalance(
  m: number,
  n: number,
  x: Float64Array,
  exchanges: Int32Array,
  exponents: Int32Array,
  { low, high }: Range,
): void {
  for (let i = 0; i < n; i++) {
    const factor = 2 ** exponents[i]!;
    if (factor !== 1) for (let at = i; at < m * n; at += n) x[at]! *= factor;
  }
  for (let i = low - 1; i >= 0; i--) swapColumns(m, n, x, i, exchanges[i]!);
  for (let i = high + 1; i < n; i++) swapColumns(m, n, x, i, exchanges[i]!);
}

/** Moves rows without off-diagonal elements to the end, then columns without to the front, as long as there are any. */
function isolate(n: number, a: Float64Array, exchanges: Int32Array): Range {
  let low = 0;
  let high = n - 1;
  for (let i = high; i >= 0; i--) {
    if (!isIsolated(a, i * n, 1, i, 0, high)) continue;
    exchange(n, a, i, high, exchanges);
    i = high--;
  }
  for (let j = low; j <= high; j++) {
    if (!isIsolated(a, j, n, j, low, high)) continue;
    exchange(n, a, j, low, exchanges);
    j = low++;
  }
  return { low, high };
}

/** Whether elements from … to of a line, `step` apart, are zero but for number `own`. */
function isIsolated(a: Float64Array, line: number, step: number, own: number, from: number, to: number): boolean {
  for (let j = from; j <= to; j++) if (j !== own && a[line + j * step] !== 0) return false;
  return true;
}

function exchange(n: number, a: Float64Array, i: number, end: number, exchanges: Int32Array): void {
  exchanges[end] = i;
  if (i === end) return;
  swapRows(a, n, i, end);
  swapColumns(n, n, a, i, end);
}

function swapColumns(m: number, n: number, x: Float64Array, i: number, j: number): void {
  if (i === j) return;
  for (let row = 0; row < m * n; row += n) {
    const value = x[row + i]!;
    x[row + i] = x[row + j]!;
    x[row + j] = value;
  }
}

/** One sweep of scaling; whether anything was scaled. */
function scaleOnce(n: number, a: Float64Array, exponents: Int32Array, { low, high }: Range): boolean {
  let scaled = false;
  for (let i = low; i <= high; i++) {
    const row = logNorm(a, i * n, 1, low, high);
    const column = logNorm(a, i, n, low, high);
    if (row === -Infinity || column === -Infinity) continue;
    const wanted = exponents[i]! + Math.round((row - column) / 2);
    const exponent = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, wanted)) - exponents[i]!;
    const most = Math.max(row, column);
    const before = 2 ** (row - most) + 2 ** (column - most);
    const after = 2 ** (row - exponent - most) + 2 ** (column + exponent - most);
    const factor = 2 ** exponent;
    // Elements beyond low … high count in no norm, but are scaled too.
    const grown = Math.max(largestIn(a, i * n, 1, n) / factor, largestIn(a, i, n, n) * factor);
    if (after >= ENOUGH * before || grown === Infinity) continue;
    scaled = true;
    exponents[i]! += exponent;
    scaleLine(a, i * n, 1, n, i, 1 / factor);
    scaleLine(a, i, n, n, i, factor);
  }
  return scaled;
}

/** Base-2 logarithm of the 2-norm of elements from … to of a line, which may lie out of range itself. */
function logNorm(a: Float64Array, line: number, step: number, from: number, to: number): number {
  const start = line + from * step;
  const length = to - from + 1;
  const most = largestIn(a, start, step, length);
  if (most === 0) return -Infinity;
  const unit = powerOfTwo(most);
  let squares = 0;
  for (let at = start, end = start + length * step; at < end; at += step) squares += (a[at]! / unit) ** 2;
  return Math.log2(unit) + Math.log2(squares) / 2;
}

function largestIn(a: Float64Array, start: number, step: number, length: number): number {
  let most = 0;
  for (let at = start, end = start + length * step; at < end; at += step) most = Math.max(most, Math.abs(a[at]!));
  return most;
}

/** All elements of a line but number `own`, which the other line scales back, ← factor times themselves. */
function scaleLine(a: Float64Array, line: number, step: number, n: number, own: number, factor: number): void {
  for (let j = 0; j < n; j++) if (j !== own) a[line + j * step]! *= factor;
}
