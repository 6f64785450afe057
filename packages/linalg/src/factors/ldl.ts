import { checkSquare } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { byLowerTriangle, checkTriangleOptions, type TriangleOptions } from "../matrix/triangle.ts";
import { zerosLike } from "../memory/allocate.ts";
import { checkRange, largestOfTriangle } from "../memory/scale.ts";
import { swapRows } from "../rows/sort-rows.ts";

/** (1 + √17) / 8: one step with a pivot of two rows then lets elements grow no more than two steps with pivots of one. */
const ALPHA = (1 + Math.sqrt(17)) / 8;

/** Factors of {@link ldl}. */
export interface LDL<D extends Real = Real> {
  /** n × n, unit lower triangular; no element exceeds 2.8 in magnitude. */
  readonly l: Matrix<D>;
  /** n × n, symmetric, with blocks of one or two rows on its diagonal; it has as many positive and negative eigenvalues as a. */
  readonly d: Matrix<D>;
  /** Row and column i of l d lᵀ are row and column pivots[i] of a. */
  readonly pivots: Int32Array;
}

/**
 * Factorization of a symmetric, indefinite matrix, a[pivots, pivots] = l d lᵀ, in float64 inside, with rook pivoting.
 *
 * @param a - n × n, any strides, any rank; only one triangle is read, the lower one unless `triangle` says otherwise.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity of the triangle. @throws {OptionError}
 * @throws {OverflowError} if d is outside the range of the dtype.
 * Accuracy: ‖a[pivots, pivots] − l d lᵀ‖ ≤ c n² ε ‖a‖, times the growth of elimination. Cost: (2/3)n³ flops, without matrix products.
 *
 * @see Bunch and Kaufman, Some stable methods for calculating inertia and solving symmetric linear systems (1977); Higham, Accuracy and
 * Stability of Numerical Algorithms (2002), §11.1.3, for rook pivoting.
 *
 * @example
 * ldl(fromRows([[0, 1], [1, 0]])).d; // [[0, 1], [1, 0]]
 */
export function ldl<D extends Real>(a: MatrixLike<D>, options: TriangleOptions = {}): LDL<D> {
  const n = checkSquare("ldl", a);
  checkTriangleOptions("ldl", options);
  largestOfTriangle("ldl", a, options.triangle);
  const { data, stride, offset } = byLowerTriangle(a, options);
  const x = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) x[i * n + j] = x[j * n + i] = data[offset + i * stride[0]! + j * stride[1]!]!;
  }
  const [l, d] = [zerosLike("ldl", a, n, n), zerosLike("ldl", a, n, n)];
  const pivots = Int32Array.from({ length: n }, (_, i) => i);
  const blocks = new Float64Array(n * n);
  for (let k = 0; k < n; ) {
    const chosen = choosePivot(n, x, k);
    const size = chosen.length;
    chosen.forEach((from, i) => {
      exchange(n, x, k + i, from, pivots);
    });
    for (let i = k; i < k + size; i++) for (let j = k; j < k + size; j++) blocks[i * n + j] = x[i * n + j]!;
    if (size === 1) eliminateOne(n, x, k);
    else eliminateTwo(n, x, k);
    k += size;
  }
  const most = blocks.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  checkRange("ldl", most, 1, d.data);
  d.data.set(blocks);
  for (let i = 0; i < n; i++) {
    l.data[i * n + i] = 1;
    // Below a block of two rows there is nothing of l.
    for (let j = 0; j < i; j++) l.data[i * n + j] = blocks[i * n + j] === 0 ? x[i * n + j]! : 0;
  }
  return { l, d, pivots };
}

/**
 * The rows from k on that are moved to row k, and to row k + 1 after that, to be the next pivot: one, where it is large beside the rest of its row, or two
 * with the largest element of both between them.
 */
function choosePivot(n: number, x: Float64Array, k: number): [number] | [number, number] {
  let i = k;
  let r = largestBeside(n, x, k, i);
  let most = r < 0 ? 0 : Math.abs(x[i * n + r]!);
  if (Math.abs(x[i * n + i]!) >= ALPHA * most) return [i];
  for (;;) {
    const s = largestBeside(n, x, k, r);
    const next = Math.abs(x[r * n + s]!);
    if (Math.abs(x[r * n + r]!) >= ALPHA * next) return [r];
    // Row i is at row r once it was exchanged with row k, if r was row k.
    if (next === most) return [i, r === k ? i : r];
    [i, r, most] = [r, s, next];
  }
}

/** Column of the largest element of row i in columns from k on, but for the diagonal; −1 if there is none other than zero. */
function largestBeside(n: number, x: Float64Array, k: number, i: number): number {
  let [at, most] = [-1, 0];
  for (let j = k; j < n; j++) {
    const size = Math.abs(x[i * n + j]!);
    if (j !== i && size > most) [at, most] = [j, size];
  }
  return at;
}

/** Exchanges rows k and p, with their parts of l, and columns k and p of what is left to eliminate. */
function exchange(n: number, x: Float64Array, k: number, p: number, pivots: Int32Array): void {
  if (p === k) return;
  swapRows(x, n, k, p);
  for (let row = 0; row < n * n; row += n) [x[row + k], x[row + p]] = [x[row + p]!, x[row + k]!];
  [pivots[k], pivots[p]] = [pivots[p]!, pivots[k]!];
}

/** Column k ← that of l, and what is left ← itself less its product with row k; both triangles alike, to the bit. */
function eliminateOne(n: number, x: Float64Array, k: number): void {
  const pivot = x[k * n + k]!;
  if (pivot === 0) return;
  for (let i = k + 1; i < n; i++) {
    const factor = x[k * n + i]! / pivot;
    for (let j = k + 1; j <= i; j++) x[i * n + j] = x[j * n + i] = x[i * n + j]! - factor * x[k * n + j]!;
    x[i * n + k] = factor;
  }
}

/** The same with rows k and k + 1. Divided by the element between them, the largest, so that no product leaves the range. */
function eliminateTwo(n: number, x: Float64Array, k: number): void {
  const [top, bottom] = [k * n, (k + 1) * n];
  const between = x[bottom + k]!;
  const [above, below] = [x[top + k]! / between, x[bottom + k + 1]! / between];
  const inverse = 1 / (above * below - 1);
  for (let i = k + 2; i < n; i++) {
    const [c, d] = [x[top + i]! / between, x[bottom + i]! / between];
    const [first, second] = [inverse * (below * c - d), inverse * (above * d - c)];
    for (let j = k + 2; j <= i; j++) {
      x[i * n + j] = x[j * n + i] = x[i * n + j]! - first * x[top + j]! - second * x[bottom + j]!;
    }
    x[i * n + k] = first;
    x[i * n + k + 1] = second;
  }
}
