import { SingularError } from "../errors.ts";
import { allOf, sizeOfFloat64, sizeOfInt32, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { factorRows, formRows, householderWorkspace } from "../qr/householder.ts";
import { swapRows } from "../rows/sort-rows.ts";
import { solveLower } from "./triangular.ts";

/** Columns that are eliminated before the rest is updated by a matrix product. */
const BLOCK = 32;
/** Growth of the elements by elimination up to which x has half of float64's digits beside what its condition costs. */
const MOST_GROWTH = 2 ** 26;

/**
 * LU factorization of the packed n × n matrix `a` with exchanges of rows: on exit the unit lower triangle and the upper triangle
 * are those of L and U with P a = L U, and row i was exchanged with row pivots[i] ≥ i in turn. A zero pivot is left in place.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §3.4.
 */
export function factorLu(n: number, a: Float64Array, pivots: Int32Array, work: Workspace): void {
  for (let first = 0; first < n; first += BLOCK) {
    const last = Math.min(first + BLOCK, n);
    for (let k = first; k < last; k++) eliminate(n, a, k, last, pivots);
    const rest = n - last;
    if (rest === 0) break;
    const size = last - first;
    solveUnitBlock(n, a, first, size);
    const [left, upper, trailing] = [last * n + first, first * n + last, last * n + last];
    work.engine.gemm(false, false, rest, rest, size, -1, a, left, n, a, upper, n, 1, a, trailing, n);
  }
}

/** Eliminates below pivot k in the columns up to `last`. */
function eliminate(n: number, a: Float64Array, k: number, last: number, pivots: Int32Array): void {
  let most = k;
  for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[most * n + k]!)) most = i;
  pivots[k] = most;
  if (most !== k) swapRows(a, n, k, most);
  const pivot = a[k * n + k]!;
  if (pivot === 0) return;
  for (let i = k + 1; i < n; i++) {
    const factor = a[i * n + k]! / pivot;
    a[i * n + k] = factor;
    if (factor === 0) continue;
    for (let j = k + 1; j < last; j++) a[i * n + j]! -= factor * a[k * n + j]!;
  }
}

/** Rows of the block right of it ← L⁻¹ times themselves, L its unit lower triangle. */
function solveUnitBlock(n: number, a: Float64Array, first: number, size: number): void {
  for (let i = first + 1; i < first + size; i++) {
    for (let p = first; p < i; p++) {
      const factor = a[i * n + p]!;
      for (let j = first + size; j < n; j++) a[i * n + j]! -= factor * a[p * n + j]!;
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
    const upper = work.float64(n * n);
    const before = work.engine.largest(n * n, a, 0);
    upper.set(a);
    factorLu(n, a, pivots, work);
    if (growth(n, a) > MOST_GROWTH * before) {
      solveByReflectors(operation, n, upper, a, p, x, work);
      return;
    }
    for (let i = 0; i < n; i++) {
      if (a[i * n + i] === 0) throw new SingularError(operation, `singular: pivot ${i} is zero`);
      if (pivots[i] !== i) swapRows(x, p, i, pivots[i]!);
    }
    solveLower(n, a, false, true, p, x, work);
    for (let i = 0; i < n; i++) for (let j = i; j < n; j++) upper[j * n + i] = a[i * n + j]!;
    solveLower(n, upper, true, false, p, x, work);
  });
}

/** Scratch of {@link solveByElimination}. */
export const eliminationWorkspace = (n: number): WorkspaceSize =>
  allOf(sizeOfInt32(n), sizeOfFloat64(n * n), sizeOfFloat64(n), householderWorkspace(n, n));

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
