import { powerOfTwo } from "../memory/scale.ts";
import type { Workspace } from "../memory/workspace.ts";
import { oneNorm } from "./one-norm.ts";

/** Powers of a matrix, packed n × n. */
export interface Powers {
  readonly one: Float64Array;
  readonly two: Float64Array;
  readonly four: Float64Array;
  readonly six: Float64Array;
}

/** Degrees, and the norms up to which each has a backward error below the unit roundoff (Al-Mohy and Higham 2009, table 3.1). */
const BOUNDS = [
  [3, 1.495585217958292e-2],
  [5, 2.53939833006323e-1],
  [7, 9.504178996162932e-1],
  [9, 2.097847961257068],
] as const;
const HIGHEST = 13;
const HIGHEST_BOUND = 4.25;

/**
 * Degree of the Padé approximant, and the power of two by which the matrix is to be divided before. `scratch` is n × n.
 *
 * @see Al-Mohy and Higham, A new scaling and squaring algorithm for the matrix exponential (2009), algorithm 5.1.
 */
export function chooseDegree(
  n: number,
  { one, two, four, six }: Powers,
  scratch: Float64Array,
  work: Workspace,
): { readonly degree: number; readonly squarings: number } {
  const [two1, four1, six1] = [oneNorm(n, two), oneNorm(n, four), oneNorm(n, six)];
  const fourth = four1 ** (1 / 4);
  const sixth = six1 ** (1 / 6);
  const eighth = Math.min(fourth, (two1 * six1) ** (1 / 8));
  const tenth = (four1 * six1) ** (1 / 10);
  for (let i = 0; i < n * n; i++) scratch[i] = Math.abs(one[i]!);
  for (const [degree, bound] of BOUNDS) {
    const size = Math.max(sixth, degree < 7 ? fourth : eighth);
    if (size <= bound && extraSquarings(n, scratch, degree, 0, work) === 0) return { degree, squarings: 0 };
  }
  const size = Math.min(Math.max(sixth, eighth), Math.max(eighth, tenth));
  const squarings = Math.max(0, Math.ceil(Math.log2(size / HIGHEST_BOUND)));
  return { degree: HIGHEST, squarings: squarings + extraSquarings(n, scratch, HIGHEST, squarings, work) };
}

/**
 * Squarings beyond those of the norms, for the first term of the backward error in floating point: with |x|, divided by
 * 2^squarings, in `absolute`, α = c ‖|x|^{2m+1}‖₁ / ‖x‖₁ must not exceed the unit roundoff; a squaring divides it by 2^{2m}.
 */
function extraSquarings(n: number, absolute: Float64Array, m: number, squarings: number, work: Workspace): number {
  const logAlpha = logPowerNorm(n, absolute, 2 * m + 1, work) - logPowerNorm(n, absolute, 1, work);
  const excess = logAlpha + Math.log2(leadingCoefficient(m)) - 2 * m * squarings + 53;
  return excess > 0 ? Math.ceil(excess / (2 * m)) : 0;
}

/** (m!)² / ((2m)! (2m + 1)!). */
function leadingCoefficient(m: number): number {
  let c = 1 / (2 * m + 1);
  for (let i = 1; i <= m; i++) c /= ((m + i) / i) * (m + i) * i;
  return c;
}

/** Base-2 logarithm of ‖xᵏ‖₁ for x without negative elements: of the largest element of (1 … 1) xᵏ. */
function logPowerNorm(n: number, x: Float64Array, k: number, work: Workspace): number {
  const { engine } = work;
  return work.scope(() => {
    let row = work.float64(n).fill(1);
    let next = work.float64(n);
    let log = 0;
    for (let i = 0; i < k; i++) {
      engine.gemm(false, false, 1, n, n, 1, row, 0, n, x, 0, n, 0, next, 0, n);
      [row, next] = [next, row];
      const most = engine.largest(n, row, 0);
      if (most === 0) return -Infinity;
      const unit = powerOfTwo(most);
      log += Math.log2(unit);
      for (let j = 0; j < n; j++) row[j]! /= unit;
    }
    return log + Math.log2(engine.largest(n, row, 0));
  });
}
