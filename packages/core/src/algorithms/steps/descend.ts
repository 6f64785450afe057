import type { Backend } from "../../backend/backend.ts";

export interface DecaySettings {
  readonly weightDecay: number;
  readonly cautious: boolean;
}

/** Algorithm 1, step 5: W ← (1 − η λ) W − η D. The decay is decoupled: it acts on the weight before this update. */
export function descend<T>(
  backend: Backend<T, never>,
  weight: T,
  direction: T,
  lr: number,
  { weightDecay, cautious }: DecaySettings,
): void {
  if (cautious) backend.shrinkAgreeing(weight, direction, 1 - lr * weightDecay);
  backend.axpby(weight, -lr, direction, cautious ? 1 : 1 - lr * weightDecay);
}

/** W ← (1 − η λ) W: a step without a direction. A cautious decay waits for one. */
export function decayAlone<T>(
  backend: Backend<T, never>,
  weight: T,
  lr: number,
  { weightDecay, cautious }: DecaySettings,
): void {
  if (weightDecay > 0 && !cautious) backend.axpby(weight, 1 - lr * weightDecay, weight, 0);
}
