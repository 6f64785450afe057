import { checkOptions, describe, type OptionKinds } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import type { NewtonSchulzStep } from "./newton-schulz-step.ts";
import { polarExpressCoefficients } from "./polar-express.ts";

/** A known set of coefficients, or one's own, one triple a step. */
export type NewtonSchulzCoefficients = "muon" | "classical" | "polar-express" | "cans" | readonly NewtonSchulzStep[];

/** Options of {@link newtonSchulz}. */
export interface NewtonSchulzOptions {
  /** Default `"polar-express"`. */
  readonly coefficients?: NewtonSchulzCoefficients;
  /** Default: 5 for `"muon"` and `"cans"`, 8 for `"polar-express"`, 16 for `"classical"`, one for each triple of one's own. The last triple repeats. */
  readonly steps?: number;
}

const OPTIONS: OptionKinds<NewtonSchulzOptions> = { coefficients: "any", steps: "number" };

/** Coefficients of Newton–Schulz iterations, a triple a step. */
export interface NewtonSchulzSchedule {
  readonly steps: number;
  readonly triples: readonly NewtonSchulzStep[];
  /** Factor on the norm, so that rounding cannot push a singular value out of the interval. */
  readonly margin: number;
}

/** The quintic of Newton and Schulz that converges cubically; from the Padé family of Higham, Functions of Matrices (2008), §8.4. */
const CLASSICAL: NewtonSchulzStep = [1.875, -1.25, 0.375];
/** Jordan, Muon (2024): steep at zero, does not converge; values end between about 0.68 and 1.13. */
const MUON: NewtonSchulzStep = [3.4445, -4.775, 2.0315];
/** Grishina, Smirnov and Rakhuba, CANS (2025): Chebyshev-optimal odd quintics in turn. */
const CANS: readonly NewtonSchulzStep[] = [
  [8.4703, -25.1081, 18.6293],
  [4.1828, -3.1087, 0.5806],
  [3.9619, -2.9541, 0.563],
  [3.2866, -2.4647, 0.5074],
  [2.2737, -1.6447, 0.4162],
  CLASSICAL,
];
/** The safety factor of Amsel et al. (2025): every polynomial but the last is divided by it in its argument. */
const SAFETY = 1.01;
/** The step on x / SAFETY. */
const withMargin = ([a, b, c]: NewtonSchulzStep): NewtonSchulzStep => [a / SAFETY, b / SAFETY ** 3, c / SAFETY ** 5];

const NAMED = {
  muon: { steps: 5, triples: [MUON], margin: 1 },
  classical: { steps: 16, triples: [CLASSICAL], margin: 1 },
  cans: { steps: 5, triples: CANS, margin: 1 },
  "polar-express": {
    steps: 8,
    triples: [...polarExpressCoefficients({ steps: 7 }).map(withMargin), CLASSICAL],
    margin: SAFETY,
  },
} satisfies Record<string, NewtonSchulzSchedule>;
/** The steps, coefficients and margin that the options choose. @throws {OptionError} */
export function newtonSchulzSchedule(options: NewtonSchulzOptions): NewtonSchulzSchedule {
  checkOptions("newtonSchulz", options, OPTIONS);
  const { coefficients = "polar-express", steps } = options;
  const known = scheduleOf(coefficients);
  if (known === undefined) {
    const names = Object.keys(NAMED).join(", ");
    throw new OptionError(
      "newtonSchulz",
      `coefficients must be one of ${names} or triples of numbers, got ${describe(coefficients)}`,
    );
  }
  if (steps !== undefined && !(Number.isInteger(steps) && steps >= 0)) {
    throw new OptionError("newtonSchulz", `steps must be a whole number, got ${steps}`);
  }
  return { ...known, steps: steps ?? known.steps };
}

function scheduleOf(coefficients: NewtonSchulzCoefficients): NewtonSchulzSchedule | undefined {
  if (typeof coefficients === "string") {
    return Object.hasOwn(NAMED, coefficients) ? NAMED[coefficients] : undefined;
  }
  const isTriple = (step: unknown): boolean => Array.isArray(step) && step.length === 3 && step.every(Number.isFinite);
  const valid = Array.isArray(coefficients) && coefficients.length > 0 && coefficients.every(isTriple);
  return valid ? { steps: coefficients.length, triples: coefficients, margin: 1 } : undefined;
}
