import type { Engine } from "../engine/engine.ts";
import type { Triangle } from "../engine/lapack.ts";
import type { Workspace } from "../memory/workspace.ts";
import { writeIdentity } from "../rows/write-identity.ts";

/** Rows that are eliminated one by one before the rest is updated by a matrix product. */
const BLOCK = 32;
/** Columns of a Cholesky factor that are made one by one before the rest of their block is updated by a matrix product. */
const SMALL_BLOCK = 8;
/** Up to this order the calls would take longer than what they save. */
const SMALL = 2 * BLOCK;

/**
 * Cholesky factor of the packed symmetric n × n matrix whose lower triangle is that of `a`: on exit the lower triangle is L with
 * a = L Lᵀ, what lies above is as it was. Returns the index of the first pivot that is not positive, n if all are; on failure
 * `a` is half done.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §4.2.5.
 */
export function factorCholesky(n: number, a: Float64Array, { engine }: Workspace): number {
  if (n > SMALL && engine.lapack !== undefined) return engine.lapack.factorCholesky(n, a);
  for (let first = 0; first < n; first += BLOCK) {
    const last = Math.min(first + BLOCK, n);
    subtractLeft(n, a, first, 0, first, last, engine);
    const step = n > SMALL ? SMALL_BLOCK : BLOCK;
    for (let at = first; at < last; at += step) {
      const size = Math.min(step, last - at);
      subtractLeft(n, a, at, first, at, at + size, engine);
      for (let i = at; i < n; i++) if (factorRow(n, a, at, size, i)) return i;
    }
  }
  return n;
}

/** Rows from `top` on in columns top … last − 1 −= L Lᵀ with the columns from … to − 1 of L. */
function subtractLeft(
  n: number,
  a: Float64Array,
  top: number,
  from: number,
  to: number,
  last: number,
  engine: Engine,
): void {
  if (from === to) return;
  const left = top * n + from;
  engine.gemm(false, true, n - top, last - top, to - from, -1, a, left, n, a, left, n, 1, a, top * n + top, n);
}

/** Row i of L within the block of columns that starts at `first`; true if its pivot is not positive. */
function factorRow(n: number, a: Float64Array, first: number, size: number, i: number): boolean {
  const row = i * n + first;
  const end = Math.min(i - first, size);
  let squares = 0;
  for (let j = 0; j < end; j++) {
    const other = (first + j) * n + first;
    let sum = a[row + j]!;
    for (let p = 0; p < j; p++) sum -= a[row + p]! * a[other + p]!;
    const value = sum / a[other + j]!;
    a[row + j] = value;
    squares += value * value;
  }
  if (i >= first + size) return false;
  const pivot = a[row + end]! - squares;
  a[row + end] = Math.sqrt(pivot);
  return !(pivot > 0);
}

/**
 * The n × m rows at `x` ← op(L)⁻¹ X by substitution, for the packed lower triangular n × n matrix `l`, op(L) = L or Lᵀ.
 * `unit` takes the diagonal as ones.
 *
 * Backward stable: each column solves a system within n ε of the given one (Higham 2002, theorem 8.5).
 */
export function solveLower(
  n: number,
  l: Float64Array,
  transposed: boolean,
  unit: boolean,
  m: number,
  x: Float64Array,
  work: Workspace,
): void {
  solveTriangle(n, l, { lower: true, transposed, unit }, m, x, work);
}

/** The n × m rows at `x` ← U⁻¹ X by back substitution, for the upper triangle of the packed n × n matrix `u`. As {@link solveLower}. */
export function solveUpper(n: number, u: Float64Array, m: number, x: Float64Array, work: Workspace): void {
  solveTriangle(n, u, { lower: false, transposed: false, unit: false }, m, x, work);
}

/** X ← op(T)⁻¹ X, T a triangle of `t`: from the last row up where op(T) is an upper triangle. */
export function solveTriangle(
  n: number,
  t: Float64Array,
  triangle: Triangle,
  m: number,
  x: Float64Array,
  { engine }: Workspace,
): void {
  if (n > SMALL && engine.lapack?.solveTriangular(n, t, triangle, m, x)) return;
  const { lower, transposed, unit } = triangle;
  const backward = lower === transposed;
  const blocks = Math.ceil(n / BLOCK);
  for (let b = 0; b < blocks; b++) {
    const first = (backward ? blocks - 1 - b : b) * BLOCK;
    const size = Math.min(BLOCK, n - first);
    const [from, count] = backward ? [first + size, n - first - size] : [0, first];
    const at = transposed ? from * n + first : first * n + from;
    engine.gemm(transposed, false, size, m, count, -1, t, at, n, x, from * m, m, 1, x, first * m, m);
    for (let r = 0; r < size; r++) {
      const i = backward ? first + size - 1 - r : first + r;
      const [start, done] = backward ? [i + 1, r] : [first, r];
      const row = transposed ? start * n + i : i * n + start;
      engine.gemm(transposed, false, 1, m, done, -1, t, row, n, x, start * m, m, 1, x, i * m, m);
      if (unit) continue;
      const pivot = t[i * n + i]!;
      for (let j = i * m; j < (i + 1) * m; j++) x[j] = x[j]! / pivot;
    }
  }
}

/** out ← L⁻¹ for the packed lower triangular n × n matrix `l`, zeros above. */
export function invertLower(n: number, l: Float64Array, out: Float64Array, work: Workspace): void {
  writeIdentity(n, out);
  solveLower(n, l, false, false, n, out, work);
}
