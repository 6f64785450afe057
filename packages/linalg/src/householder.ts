import type { Engine } from "./engine/engine.ts";
import { powerOfTwo } from "./scale.ts";

/** Below this a sum of squares may have lost digits to underflow: (smallest normal / ε₆₄). */
const UNSAFE_SQUARES = 2 ** -970;

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
 * L Q factorization of the packed k × n matrix `x`, k ≤ n: on exit L lies on and below the diagonal, row i right of it holds the
 * reflector i with factor tau[i], and Q = H_{k−1} … H₀ restricted to its first k rows.
 */
export function factorRows(engine: Engine, k: number, n: number, x: Float64Array, tau: Float64Array): void {
  for (let i = 0; i < k; i++) {
    const at = i * n + i;
    tau[i] = makeReflector(x, at, n - i);
    const beta = x[at]!;
    x[at] = 1;
    engine.reflect(k - i - 1, n - i, tau[i]!, x, at, x, at + n, n);
    x[at] = beta;
  }
}

/** Replaces what {@link factorRows} left in `x` by the k orthonormal rows of Q. */
export function formRows(engine: Engine, k: number, n: number, x: Float64Array, tau: Float64Array): void {
  for (let i = k - 1; i >= 0; i--) {
    const at = i * n + i;
    x[at] = 1;
    engine.reflect(k - i - 1, n - i, tau[i]!, x, at, x, at + n, n);
    for (let j = 1; j < n - i; j++) x[at + j]! *= -tau[i]!;
    x[at] = 1 - tau[i]!;
    x.fill(0, i * n, at);
  }
}
