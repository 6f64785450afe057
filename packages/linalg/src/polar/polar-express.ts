import { checkOptions, type OptionKinds } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import type { NewtonSchulzStep } from "./newton-schulz-step.ts";

/** Options of Polar Express. */
export interface PolarExpressOptions {
  /** Smallest singular value to be served, relative to the largest. Default 1e-3. */
  readonly lower?: number;
  readonly steps?: number;
  /** A step aims at values from `cushion` times the largest on, not lower, so that none of them falls. Default 0.024, the paper's. */
  readonly cushion?: number;
}

const OPTIONS: OptionKinds<PolarExpressOptions> = { lower: "number", steps: "number", cushion: "number" };

/** The paper's value to the digits that its published coefficients follow from. */
const CUSHION = 0.02407327424182761;
/** Relative width of the interval below which the minimax polynomial is, in float64, the Taylor polynomial at its end. */
const NARROW = 5e-6;
/** Exchange steps converge quadratically; seven are the most seen. */
const MAX_EXCHANGES = 100;

/**
 * Coefficients of the Polar Express: each step is the odd quintic that is nearest to 1, in the maximum norm, on the interval to
 * which the steps before it map [lower, 1].
 *
 * @returns one triple a step, without a safety factor.
 * @throws {OptionError} unless 0 < lower ≤ 1 and 0 ≤ cushion < 1 and steps is a whole number.
 *
 * @see Amsel, Persson, Musco and Gower, The Polar Express (2025, arXiv 2505.16932), theorem 3.1 and algorithm 1.
 *
 * @example
 * newtonSchulz(a, { coefficients: polarExpressCoefficients({ lower: 1e-4, steps: 10 }) });
 */
export function polarExpressCoefficients(options: PolarExpressOptions = {}): NewtonSchulzStep[] {
  checkOptions("polarExpressCoefficients", options, OPTIONS);
  const { lower = 1e-3, steps = 8, cushion = CUSHION } = options;
  if (!(lower > 0 && lower <= 1))
    throw new OptionError("polarExpressCoefficients", `lower must lie in (0, 1], got ${lower}`);
  if (!(cushion >= 0 && cushion < 1))
    throw new OptionError("polarExpressCoefficients", `cushion must lie in [0, 1), got ${cushion}`);
  if (!(Number.isInteger(steps) && steps >= 0)) {
    throw new OptionError("polarExpressCoefficients", `steps must be a whole number, got ${steps}`);
  }
  const coefficients: NewtonSchulzStep[] = [];
  let l = lower;
  let u = 1;
  for (let i = 0; i < steps; i++) {
    let step = minimaxQuintic(Math.max(l, cushion * u), u);
    if (cushion * u > l) {
      // Centre the image of the whole interval on 1.
      const factor = 2 / (evaluate(step, l) + evaluate(step, u));
      step = [factor * step[0], factor * step[1], factor * step[2]];
    }
    coefficients.push(step);
    l = evaluate(step, l);
    u = 2 - l;
  }
  return coefficients;
}

const evaluate = ([a, b, c]: NewtonSchulzStep, x: number): number => x * (a + x * x * (b + x * x * c));

/** The odd quintic p that minimizes max |1 − p| on [l, u], by Remez exchange: the error takes its maximum ±E at l, q, r and u in turn. */
function minimaxQuintic(l: number, u: number): NewtonSchulzStep {
  if (l >= u * (1 - NARROW)) return [15 / 8 / u, -10 / 8 / u ** 3, 3 / 8 / u ** 5];
  let q = (3 * l + u) / 4;
  let r = (l + 3 * u) / 4;
  let level = Infinity;
  for (let i = 0; ; i++) {
    const [a, b, c, next] = equioscillation([l, q, r, u]);
    if (Math.abs(next - level) <= 1e-15 || i === MAX_EXCHANGES) return [a, b, c];
    level = next;
    const root = Math.sqrt(9 * b * b - 20 * a * c);
    q = Math.sqrt((-3 * b - root) / (10 * c));
    r = Math.sqrt((-3 * b + root) / (10 * c));
  }
}

/** Solves a x + b x³ + c x⁵ ± E = 1 at four points with alternating signs, by elimination with row exchanges. */
function equioscillation(points: readonly number[]): [a: number, b: number, c: number, level: number] {
  const rows = points.map((x, i) => [x, x * x * x, x * x * x * x * x, i % 2 === 0 ? 1 : -1, 1]);
  for (let k = 0; k < 4; k++) {
    const pivot = rows.slice(k).reduce((most, row) => (Math.abs(row[k]!) > Math.abs(most[k]!) ? row : most));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(k, 0, pivot);
    for (const row of rows.slice(k + 1)) {
      const factor = row[k]! / pivot[k]!;
      for (let j = k; j < 5; j++) row[j]! -= factor * pivot[j]!;
    }
  }
  const x = [0, 0, 0, 0];
  for (let k = 3; k >= 0; k--) {
    const known = rows[k]!.slice(k + 1, 4).reduce((sum, value, j) => sum + value * x[k + 1 + j]!, 0);
    x[k] = (rows[k]![4]! - known) / rows[k]![k]!;
  }
  return x as [number, number, number, number];
}
