import type { Backend } from "../../backend/backend.ts";
import { finiteUpdate } from "./finite.ts";

/** Result of the growth limit: the limited norm, and whether the limit acted. */
export interface Limited {
  readonly updateNorm: number;
  readonly limited: boolean;
}

/**
 * Algorithm 1, step 4: if ‖x‖ > γ ‖x before‖, x ← x γ ‖x before‖ / ‖x‖. In any case ‖x‖ ≤ `ceiling`.
 * A previous norm of zero limits no growth; otherwise one zero gradient would stop all later updates.
 *
 * @param known - ‖x‖, if it is known; measured otherwise.
 * @throws {RangeError} if the norm is not finite, before `x` is written.
 */
export function limitGrowth<T>(
  backend: Backend<T, never>,
  x: T,
  lastNorm: number,
  growthLimit: number | "off",
  ceiling: number = Infinity,
  known?: number,
): Limited {
  const norm = finiteUpdate(known ?? backend.norm(x));
  const grown = growthLimit === "off" || lastNorm === 0 ? Infinity : growthLimit * lastNorm;
  const largest = Math.min(grown, ceiling);
  if (norm <= largest) return { updateNorm: norm, limited: false };
  backend.axpby(x, largest / norm, x, 0);
  return { updateNorm: largest, limited: true };
}
