import type { Backend } from "../../backend/backend.ts";
import type { Subspace } from "./subspace.ts";

export interface DecaySettings {
  readonly weightDecay: number;
  readonly cautious: boolean;
}

/** An update before the learning rate: a matrix of the weight's shape, or the product Q X in factored form. */
export type Direction<T> =
  | { readonly kind: "whole"; readonly matrix: T }
  | { readonly kind: "inside"; readonly subspace: Subspace<T>; readonly matrix: T };

/** Algorithm 1, step 5: W ← (1 − η λ) W − η D. The decay is decoupled: it acts on the weight before this update. */
export function descend<T>(
  backend: Backend<T, never>,
  weight: T,
  direction: Direction<T>,
  lr: number,
  { weightDecay, cautious }: DecaySettings,
): void {
  const kept = 1 - lr * weightDecay;
  if (direction.kind === "inside") {
    direction.subspace.lift(weight, direction.matrix, { alpha: -lr, beta: kept });
    return;
  }
  if (cautious) backend.shrinkAgreeing(weight, direction.matrix, kept);
  backend.axpby(weight, -lr, direction.matrix, cautious ? 1 : kept);
}

/** W ← (1 − η λ) W: a step without a direction. A cautious decay, which needs one, does nothing. */
export function decayAlone<T>(
  backend: Backend<T, never>,
  weight: T,
  lr: number,
  { weightDecay, cautious }: DecaySettings,
): void {
  if (weightDecay > 0 && !cautious) backend.axpby(weight, 1 - lr * weightDecay, weight, 0);
}
