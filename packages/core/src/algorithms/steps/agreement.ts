import { countFact, type Facts, numberFact } from "../facts.ts";

/** Decay of the average of squared norms. */
export const GRADIENT_NORM_DECAY = 0.99;

/** Number of a matrix's gradients so far, and the decaying sum of their squared norms. */
export interface GradientNorms {
  readonly gradients: number;
  readonly energy: number;
}

export const NO_GRADIENTS: GradientNorms = { gradients: 0, energy: 0 };

/** The norms with that of one more gradient. */
export function withGradient({ gradients, energy }: GradientNorms, norm: number): GradientNorms {
  return { gradients: gradients + 1, energy: GRADIENT_NORM_DECAY * energy + (1 - GRADIENT_NORM_DECAY) * norm ** 2 };
}

/**
 * ‖mean gradient‖ / √(mean ‖gradient‖²), both decaying: 1 where gradients agree from step to step, about √((1 − μ) / (1 + μ)) where they are
 * noise, and 0 without any. The root mean square of Adam's update is the same ratio, taken element by element.
 *
 * @param norm - Norm of the moment that is orthogonalized, a weighted sum of gradients: M ← μ M + G, or one step ahead of it.
 */
export function agreement(
  { gradients, energy }: GradientNorms,
  norm: number,
  { momentum, nesterov }: { readonly momentum: number; readonly nesterov: boolean },
): number {
  if (energy === 0) return 0;
  const inMoment = (1 - momentum ** gradients) / (1 - momentum);
  const weights = nesterov ? momentum * inMoment + 1 : inMoment;
  const mean = Math.sqrt(energy / (1 - GRADIENT_NORM_DECAY ** gradients));
  return Math.min(1, norm / weights / mean);
}

/** The norms as facts; none without gradients. */
export const normFacts = ({ gradients, energy }: GradientNorms): Facts => (gradients > 0 ? { gradients, energy } : {});

/** Inverse of {@link normFacts}. @throws {TypeError} for invalid facts. */
export function normsOf(facts: Facts): GradientNorms {
  if (facts["gradients"] === undefined) return NO_GRADIENTS;
  return { gradients: countFact(facts, "gradients"), energy: numberFact(facts, "energy") };
}
