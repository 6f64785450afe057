import type { Backend } from "../../backend/backend.ts";
import type { SumoSettings } from "./options.ts";

type MomentSettings = Pick<SumoSettings, "momentum" | "nesterov">;

/** Algorithm 1, step 3: `out` ← μ M + Ĝ. Without a moment, M is zero. */
export function accumulate<T>(
  backend: Backend<T, never>,
  out: T,
  moment: T | undefined,
  projected: T,
  { momentum }: MomentSettings,
): void {
  if (moment !== undefined) backend.axpby(out, momentum, moment, 0);
  backend.axpby(out, 1, projected, moment === undefined ? 0 : 1);
}

/** `out` ← the matrix that is orthogonalized: M, or one step ahead of it, μ M + Ĝ (Nesterov). */
export function lookAhead<T>(
  backend: Backend<T, never>,
  out: T,
  moment: T,
  projected: T,
  { momentum, nesterov }: MomentSettings,
): void {
  backend.axpby(out, nesterov ? momentum : 1, moment, 0);
  if (nesterov) backend.axpby(out, 1, projected, 1);
}

/** The factor that brings the moment, a sum of 1 / (1 − μ) gradients, to the size of one. */
export const gradientUnit = ({ momentum }: MomentSettings): number => 1 - momentum;
