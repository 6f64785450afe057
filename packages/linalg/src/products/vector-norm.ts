import type { Real } from "../matrix/real.ts";
import { powerOfTwo } from "../memory/scale.ts";

/** Finite elements of `data`, `step` apart. */
export interface Line {
  readonly data: Real;
  readonly first: number;
  readonly step: number;
  readonly length: number;
}

/**
 * (Σ |x|ᵖ)^(1/p); the largest and smallest magnitude for p = ±Infinity, the number of elements other than zero for p = 0. 0 for no
 * elements, which have no norm of negative order.
 *
 * Magnitudes are divided by the largest (by the smallest for negative p), so that only the result may leave the range.
 */
export function vectorNorm({ data, first, step, length }: Line, p: number): number {
  let [most, least] = [0, Infinity];
  let nonzero = 0;
  for (let i = 0, at = first; i < length; i++, at += step) {
    const size = Math.abs(data[at]!);
    if (size > most) most = size;
    if (size < least) least = size;
    if (size > 0) nonzero++;
  }
  if (p === Infinity) return most;
  if (p === -Infinity) return least;
  if (p === 0) return nonzero;
  const bound = p > 0 ? most : least;
  if (bound === 0) return 0;
  // A power of two divides without rounding; of higher orders the powers of quotients up to two would overflow.
  const unit = Math.abs(p) <= 2 ? powerOfTwo(bound) : bound;
  let sum = 0;
  for (let i = 0, at = first; i < length; i++, at += step) {
    const x = Math.abs(data[at]!) / unit;
    sum += p === 1 ? x : p === 2 ? x * x : x ** p;
  }
  return unit * (p === 1 ? sum : p === 2 ? Math.sqrt(sum) : sum ** (1 / p));
}
