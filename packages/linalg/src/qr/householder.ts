import { powerOfTwo } from "../memory/scale.ts";
import { anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { swapRows } from "../rows/sort-rows.ts";
import { applyBlock, BLOCK, blockReflector, blockReflectorWorkspace, type Reflectors } from "./block-reflector.ts";

/** Below this a sum of squares may have lost digits to underflow: (smallest normal / ε₆₄). */
const UNSAFE_SQUARES = 2 ** -970;

/** Below this the updated norm of a row has lost half its digits (√ε₆₄), as in LAPACK's dlaqp2. */
const NORM_UPDATE_LIMIT = Math.sqrt(Number.EPSILON);

/**
 * Turns x = (x₀ … x_{n−1}) into the reflector H = I − tau v vᵀ with H x = beta e₀ and v₀ = 1.
 * On exit x₀ is beta and the rest is v₁ … v_{n−1}. Returns tau; 0 means H = I.
 */
export function makeReflector(x: Float64Array, offset: number, n: number): number {
  let scale = 1;
  let alpha = x[offset]!;
  let squares = sumOfSquares(x, offset + 1, n - 1);
  if (alpha * alpha + squares < UNSAFE_SQUARES) {
    let most = 0;
    for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(x[offset + i]!));
    scale = 1 / powerOfTwo(most);
    for (let i = 0; i < n; i++) x[offset + i]! *= scale;
    alpha = x[offset]!;
    squares = sumOfSquares(x, offset + 1, n - 1);
  }
  if (squares === 0 && isZero(x, offset + 1, n - 1)) {
    x[offset] = alpha / scale;
    return 0;
  }
  const norm = Math.sqrt(alpha * alpha + squares);
  const beta = alpha > 0 ? -norm : norm; // away from alpha, so that alpha − beta does not cancel
  const factor = 1 / (alpha - beta);
  for (let i = 1; i < n; i++) x[offset + i]! *= factor;
  x[offset] = beta / scale;
  return (beta - alpha) / beta;
}

/** Euclidean norm that neither overflows nor vanishes. */
function safeNorm(x: Float64Array, offset: number, n: number): number {
  const squares = sumOfSquares(x, offset, n);
  if (squares >= UNSAFE_SQUARES && squares < Infinity) return Math.sqrt(squares);
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(x[offset + i]!));
  const unit = powerOfTwo(most);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (x[offset + i]! / unit) ** 2;
  return unit * Math.sqrt(sum);
}

function isZero(x: Float64Array, offset: number, n: number): boolean {
  for (let i = 0; i < n; i++) if (x[offset + i] !== 0) return false;
  return true;
}

function sumOfSquares(x: Float64Array, offset: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[offset + i]! * x[offset + i]!;
  return sum;
}

/**
 * L Q factorization of the packed m × n matrix `x`, k = min(m, n): on exit L lies on and below the diagonal, row i < k right of it
 * holds reflector i with factor tau[i], and Q is the first k rows of H_{k−1} … H₀.
 */
export function factorRows(m: number, n: number, x: Float64Array, tau: Float64Array, work: Workspace): void {
  const { lapack } = work.engine;
  if (lapack !== undefined) {
    lapack.factorRows(m, n, x, tau);
    return;
  }
  const k = Math.min(m, n);
  for (let first = 0; first < k; first += BLOCK) {
    const last = Math.min(first + BLOCK, k);
    for (let i = first; i < last; i++) reflectRow(n, x, tau, i, last - i - 1, work);
    if (last === m) break;
    work.scope(() => {
      const h = blockReflector(reflectors(n, x, tau, first, last), work);
      applyBlock(h, false, m - last, x, last * n + first, n, work);
    });
  }
}

/**
 * The same with rows exchanged so that each row in turn has the largest part outside the span of those before it (de Rijk's and
 * LAPACK's column pivoting): row i of the factored matrix is row pivots[i] of the given one, and |L_ii| falls.
 *
 * @see Drmač and Bujanović, On the failure of rank-revealing QR factorization software (2008), for the update of the norms.
 */
export function factorRowsPivoted(
  m: number,
  n: number,
  x: Float64Array,
  tau: Float64Array,
  pivots: Int32Array,
  work: Workspace,
): void {
  const k = Math.min(m, n);
  work.scope(() => {
    const norms = work.float64(m);
    const exact = work.float64(m); // the norm when it was last computed rather than updated
    for (let i = 0; i < m; i++) {
      pivots[i] = i;
      norms[i] = exact[i] = safeNorm(x, i * n, n);
    }
    for (let i = 0; i < k; i++) {
      let most = i;
      for (let j = i + 1; j < m; j++) if (norms[j]! > norms[most]!) most = j;
      exchange(i, most, n, x, pivots, norms, exact);
      reflectRow(n, x, tau, i, m - i - 1, work);
      for (let j = i + 1; j < m; j++) {
        const part = Math.abs(x[j * n + i]!) / norms[j]!;
        const left = Math.max(0, 1 - part * part);
        const ratio = norms[j]! / exact[j]!;
        if (left * ratio * ratio > NORM_UPDATE_LIMIT) norms[j]! *= Math.sqrt(left);
        else norms[j] = exact[j] = safeNorm(x, j * n + i + 1, n - i - 1);
      }
    }
  });
}

/** Replaces what {@link factorRows} left in the first k rows of `x` by p ≥ k orthonormal rows: Q, and then its complement. */
export function formRows(k: number, p: number, n: number, x: Float64Array, tau: Float64Array, work: Workspace): void {
  const { lapack } = work.engine;
  if (lapack !== undefined) {
    lapack.formRows(k, p, n, x, tau);
    return;
  }
  for (let i = k; i < p; i++) {
    x.fill(0, i * n, (i + 1) * n);
    x[i * n + i] = 1;
  }
  for (let first = Math.floor(Math.max(0, k - 1) / BLOCK) * BLOCK; first >= 0; first -= BLOCK) {
    const last = Math.min(first + BLOCK, k);
    work.scope(() => {
      const h = blockReflector(reflectors(n, x, tau, first, last), work);
      for (let i = first; i < last; i++) {
        x.fill(0, i * n, (i + 1) * n);
        x[i * n + i] = 1;
      }
      applyBlock(h, true, p - first, x, first * n + first, n, work);
    });
  }
}

/** Scratch for factoring and forming m × n rows. */
export const householderWorkspace = (m: number, n: number): WorkspaceSize =>
  anyOf(2 * sizeOfFloat64(m), blockReflectorWorkspace(m, n));

/** Makes reflector i from row i and applies it to the `count` rows below. */
function reflectRow(
  n: number,
  x: Float64Array,
  tau: Float64Array,
  i: number,
  count: number,
  { engine }: Workspace,
): void {
  const at = i * n + i;
  tau[i] = makeReflector(x, at, n - i);
  const beta = x[at]!;
  x[at] = 1;
  engine.reflect(count, n - i, tau[i]!, x, at, x, at + n, n);
  x[at] = beta;
}

const reflectors = (n: number, x: Float64Array, tau: Float64Array, first: number, last: number): Reflectors => ({
  k: last - first,
  n: n - first,
  v: x,
  vOffset: first * n + first,
  ldv: n,
  tau,
  tauOffset: first,
});

function exchange(
  i: number,
  j: number,
  n: number,
  x: Float64Array,
  pivots: Int32Array,
  norms: Float64Array,
  exact: Float64Array,
): void {
  if (i === j) return;
  swapRows(x, n, i, j);
  const pivot = pivots[i]!;
  pivots[i] = pivots[j]!;
  pivots[j] = pivot;
  norms[j] = norms[i]!;
  exact[j] = exact[i]!;
}
