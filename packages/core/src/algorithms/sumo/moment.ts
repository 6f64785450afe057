import type { Backend } from "../../backend/backend.ts";
import type { Geometry } from "../steps/geometry.ts";
import type { SumoSettings } from "./options.ts";

type MomentSettings = Pick<SumoSettings, "momentum" | "momentumForm" | "nesterov">;

/**
 * Algorithm 1, step 1.1: `out` ← the moment in the new basis, R M with R = Q_newᵀ Q_old (M Rᵀ from the right).
 * `change` is left holding R. Returns ‖R M‖ / ‖M‖, the share of the moment that the new subspace keeps.
 */
export function transport<T>(
  backend: Backend<T, never>,
  out: T,
  moment: T,
  change: T,
  newBasis: T,
  oldBasis: T,
  { side }: Geometry,
): number {
  backend.matmul(change, newBasis, oldBasis, { transposeA: true });
  if (side === "left") backend.matmul(out, change, moment);
  else backend.matmul(out, moment, change, { transposeB: true });
  const before = backend.norm(moment);
  return before === 0 ? 1 : backend.norm(out) / before;
}

/** Algorithm 1, step 3: `out` ← μ M + Ĝ, or the average μ M + (1 − μ) Ĝ. Without a moment yet, M is zero. */
export function accumulate<T>(
  backend: Backend<T, never>,
  out: T,
  moment: T | undefined,
  gradient: T,
  settings: MomentSettings,
): void {
  if (moment !== undefined) backend.axpby(out, settings.momentum, moment, 0);
  backend.axpby(out, gradientWeight(settings), gradient, moment === undefined ? 0 : 1);
}

/** `out` ← what is orthogonalized: M, or one step ahead of it, μ M + Ĝ (Nesterov). */
export function lookAhead<T>(
  backend: Backend<T, never>,
  out: T,
  moment: T,
  gradient: T,
  settings: MomentSettings,
): void {
  backend.axpby(out, settings.nesterov ? settings.momentum : 1, moment, 0);
  if (settings.nesterov) backend.axpby(out, gradientWeight(settings), gradient, 1);
}

/** What brings the moment to the size of one gradient: a heavy ball sums 1 / (1 − μ) of them. */
export function momentUnit({ momentum, momentumForm }: MomentSettings): number {
  return momentumForm === "average" ? 1 : 1 - momentum;
}

const gradientWeight = ({ momentum, momentumForm }: MomentSettings): number =>
  momentumForm === "average" ? 1 - momentum : 1;
