import { SingularError } from "../errors.ts";
import { allOf, sizeOfFloat64, sizeOfInt32, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { factorRows, formRows, householderWorkspace } from "../qr/householder.ts";
import { swapRows } from "../rows/sort-rows.ts";
import { solveLower, solveUpper } from "./triangular.ts";

/** Columns that are eliminated before the rest is updated by a matrix product, and those before the rest of them is. */
const BLOCKS = [64, 8] as const;
/** Up to this order the calls would take longer than what they save. */
const SMALL = 48;
/** Growth of the elements by elimination up to which x has half of float64's digits beside what its condition costs. */
const MOST_GROWTH = 2 ** 26;

/**
 * LU factorization of the packed m × n matrix `a`, square by default, with exchanges of rows: on exit the unit lower triangle and the
 * upper triangle are those of L and U with P a = L U, and row i was exchanged with row pivots[i] ≥ i in turn, for i below min(m, n). A
 * zero pivot is left in place.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §3.4.
 */
export function factorLu(n: number, a: Float64Array, pivots: Int32Array, work: Workspace, m: number = n): void {
  const k = Math.min(m, n);
  if (k > SMALL && work.engine.lapack?.factorLu(m, n, a, pivots)) return;
  const blocks = k > SMALL ? BLOCKS : [];
  eliminateColumns(m, n, a, 0, k, pivots, work, blocks);
  if (k < n) solveUnitRows(n, a, 0, k, k, n, work, blocks);
}

/**
 * Eliminates columns first … last − 1 block by block, and updates them alone: within a block by smaller blocks, so that nearly all
 * of the work is matrix products.
 */
function eliminateColumns(
  m: number,
  n: number,
  a: Float64Array,
  first: number,
  last: number,
  pivots: Int32Array,
  work: Workspace,
  [block, ...smaller]: readonly number[],
): void {
  if (block === undefined) {
    for (let k = first; k < last; k++) eliminate(m, n, a, k, last, pivots);
    return;
  }
  for (let at = first; at < last; at += block) {
    const end = Math.min(at + block, last);
    eliminateColumns(m, n, a, at, end, pivots, work, smaller);
    if (end === last) return;
    solveUnitRows(n, a, at, end, end, last, work, smaller);
    subtractProduct(n, a, end, m, at, end, end, last, work);
  }
}

/** Rows first … last − 1 in columns from … to − 1 ← L⁻¹ times themselves, L the unit lower triangle in columns first … last − 1. */
function solveUnitRows(
  n: number,
  a: Float64Array,
  first: number,
  last: number,
  from: number,
  to: number,
  work: Workspace,
  [block, ...smaller]: readonly number[],
): void {
  if (block === undefined) {
    solveUnitBlock(n, a, first, last, from, to);
    return;
  }
  for (let at = first; at < last; at += block) {
    const end = Math.min(at + block, last);
    if (at > first) subtractProduct(n, a, at, end, first, at, from, to, work);
    solveUnitRows(n, a, at, end, from, to, work, smaller);
  }
}

/** Elements in rows top … bottom − 1 and columns from … to − 1 −= those in columns first … last − 1 times those in rows first … last − 1. */
function subtractProduct(
  n: number,
  a: Float64Array,
  top: number,
  bottom: number,
  first: number,
  last: number,
  from: number,
  to: number,
  { engine }: Workspace,
): void {
  const [left, upper, out] = [top * n + first, first * n + from, top * n + from];
  engine.gemm(false, false, bottom - top, to - from, last - first, -1, a, left, n, a, upper, n, 1, a, out, n);
}

/** Eliminates below pivot k in the columns up to `last`. */
function eliminate(m: number, n: number, a: Float64Array, k: number, last: number, pivots: Int32Array): void {
  let most = k;
  for (let i = k + 1; i < m; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[most * n + k]!)) most = i;
  pivots[k] = most;
  if (most !== k) swapRows(a, n, k, most);
  const pivot = a[k * n + k]!;
  if (pivot === 0) return;
  for (let i = k + 1; i < m; i++) {
    const factor = a[i * n + k]! / pivot;
    a[i * n + k] = factor;
    if (factor === 0) continue;
    for (let j = k + 1; j < last; j++) a[i * n + j]! -= factor * a[k * n + j]!;
  }
}

/** {@link solveUnitRows}, row by row. */
function solveUnitBlock(n: number, a: Float64Array, first: number, last: number, from: number, to: number): void {
  for (let i = first + 1; i < last; i++) {
    for (let p = first; p < i; p++) {
      const factor = a[i * n + p]!;
      for (let j = from; j < to; j++) a[i * n + j]! -= factor * a[p * n + j]!;
    }
  }
}

/**
 * The n × p rows at `x` ← a⁻¹ X for the packed n × n matrix `a`, which is spoiled; where elimination makes its elements grow so far
 * that its error bound says nothing, by a QR factorization, whose bound does not depend on growth.
 *
 * @throws {SingularError} if a pivot is zero.
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), §9.3.
 */
export function solveByElimination(
  operation: string,
  n: number,
  a: Float64Array,
  p: number,
  x: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const pivots = work.int32(n);
    const original = work.float64(n * n);
    const before = work.engine.largest(n * n, a, 0);
    original.set(a);
    factorLu(n, a, pivots, work);
    if (hasGrown(n, a, before)) {
      solveByReflectors(operation, n, original, a, p, x, work);
      return;
    }
    for (let i = 0; i < n; i++) {
      if (a[i * n + i] === 0) throw new SingularError(operation, `singular: pivot ${i} is zero`);
      if (pivots[i] !== i) swapRows(x, p, i, pivots[i]!);
    }
    solveLower(n, a, false, true, p, x, work);
    solveUpper(n, a, p, x, work);
  });
}

/** Scratch of {@link solveByElimination}. */
export const eliminationWorkspace = (n: number): WorkspaceSize =>
  allOf(sizeOfInt32(n), sizeOfFloat64(n * n), sizeOfFloat64(n), householderWorkspace(n, n));

/** Whether elimination, of elements up to `before`, made them grow so far in `lu` that its error bound says nothing. */
export const hasGrown = (n: number, lu: Float64Array, before: number): boolean => growth(n, lu) > MOST_GROWTH * before;

/** Largest magnitude in the upper triangle of the packed n × n matrix `a`. */
function growth(n: number, a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) most = Math.max(most, Math.abs(a[i * n + j]!));
  return most;
}

/** X ← a⁻¹ X by a = L Q with orthonormal Q: x = Qᵀ L⁻¹ b. `a` and `spare`, both n × n, are spoiled. @throws {SingularError} */
function solveByReflectors(
  operation: string,
  n: number,
  a: Float64Array,
  spare: Float64Array,
  p: number,
  x: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const tau = work.float64(n);
    factorRows(n, n, a, tau, work);
    for (let i = 0; i < n; i++) {
      if (a[i * n + i] === 0) throw new SingularError(operation, `singular: pivot ${i} is zero`);
    }
    spare.set(a);
    formRows(n, n, n, a, tau, work);
    solveLower(n, spare, false, false, p, x, work);
    for (let first = 0; first < p; first += n) {
      const cols = Math.min(n, p - first);
      work.engine.gemm(true, false, n, cols, n, 1, a, 0, n, x, first, p, 0, spare, 0, cols);
      for (let i = 0; i < n; i++) x.set(spare.subarray(i * cols, (i + 1) * cols), i * p + first);
    }
  });
}
