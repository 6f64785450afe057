import { checkOptions, type OptionKinds } from "../arguments.ts";
import { ArgumentError, NotConvergedError, OptionError } from "../errors.ts";
import { checkKey, type RandomKey } from "../sketch/random.ts";

/** Options of the decompositions of operators. */
export interface KrylovOptions {
  /** A pair has converged when its residual is at most `tolerance` times the largest value in magnitude. Default 1e-12. */
  readonly tolerance?: number;
  /** Products with the operator, and with its transpose, before giving up. Default 1000 + 10 min(rows, cols). */
  readonly maxProducts?: number;
  /** Key of the random start: equal keys give equal bits. Default [0, 0, 0]. */
  readonly key?: RandomKey;
}

export const KRYLOV_OPTIONS: OptionKinds<KrylovOptions> = { tolerance: "number", maxProducts: "number", key: "any" };

/** Elements that a symmetric operator, or an operator and its transpose, have twice agree to this part of the largest, in float32 too. */
const AGREEMENT = 1e-6;
/** A random start leaves out the residuals of the vectors that it keeps: those elements then differ by a few tolerances. */
const LEFT_OUT = 100;

/** Values of the projected operator, the wanted ones first, and a bound of the residual of each. */
export interface RitzValues {
  readonly values: Float64Array;
  readonly residuals: Float64Array;
}

/** A projection of an operator on a basis that grows, up to `size` vectors, and starts again from its best part. */
export interface Krylov {
  readonly size: number;
  /** Products so far. */
  readonly products: number;
  /** Whether the full basis spans the whole space, so that nothing is left to converge. */
  readonly complete: boolean;
  /** Fills the basis and decomposes the projected operator. */
  solve(): RitzValues;
  /** Keeps the vectors of the first `count` values, and continues from their residual, or from a random vector. */
  restart(count: number, from: "residual" | "random"): void;
}

/**
 * Restarts until the first k values have converged, and a start from a random vector finds no others in their place: from one start
 * alone, a value that occurs twice may be seen once.
 *
 * @throws {NotConvergedError} after `maxProducts`.
 */
export function converge(operation: string, krylov: Krylov, k: number, tolerance: number, maxProducts: number): void {
  let known: Float64Array | undefined;
  for (;;) {
    const { values, residuals } = krylov.solve();
    if (krylov.complete) return;
    const scale = largestOf(values, 0);
    const worst = largestOf(residuals.subarray(0, k), 0);
    const wanted = values.slice(0, k);
    const bound = tolerance * scale;
    if (
      worst <= bound &&
      known !== undefined &&
      wanted.every((value, i) => Math.abs(value - known![i]!) <= 2 * bound)
    ) {
      // The next value lies apart from the wanted ones, so none of those is still to come.
      const gap = Math.abs(values[k - 1]! - values[k]!);
      if (residuals[k]! <= Math.max(bound, gap / 2)) return;
    } else if (worst <= bound) {
      known = wanted;
      krylov.restart(k, "random");
      continue;
    }
    if (krylov.products >= maxProducts) {
      throw new NotConvergedError(operation, { iterations: krylov.products, residual: worst });
    }
    krylov.restart(k + Math.floor((krylov.size - k) / 2), "residual");
  }
}

/** Vectors in a full basis for k wanted values of an operator of order n. */
export const basisSize = (n: number, k: number): number => Math.min(n, Math.max(2 * k + 10, 20));

/** The options with their defaults. @throws {OptionError} */
export function krylovSettings<Options extends KrylovOptions>(
  operation: string,
  options: Options,
  kinds: OptionKinds<Options>,
  n: number,
): Required<KrylovOptions> {
  checkOptions(operation, options, kinds);
  const { tolerance = 1e-12, maxProducts = 1000 + 10 * n, key = [0, 0, 0] } = options;
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new OptionError(operation, `tolerance must lie in [0, 1), got ${tolerance}`);
  }
  if (!(maxProducts >= 1)) throw new OptionError(operation, `maxProducts must be at least 1, got ${maxProducts}`);
  checkKey(operation, key);
  return { tolerance, maxProducts, key };
}

/** The part of the largest element to which elements agree that are computed twice. */
export const agreementOf = (tolerance: number): number => Math.max(AGREEMENT, LEFT_OUT * tolerance);

/** Checks an element that was computed twice. @throws {ArgumentError} */
export function checkAgreement(operation: string, expected: string, one: number, other: number, bound: number): void {
  if (Math.abs(one - other) <= bound) return;
  throw new ArgumentError(operation, `expected ${expected}, got ${one} and ${other} for one element`);
}

/** The largest magnitude among `values` and `most`. */
export const largestOf = (values: Float64Array, most: number): number =>
  values.reduce((largest, value) => Math.max(largest, Math.abs(value)), most);
