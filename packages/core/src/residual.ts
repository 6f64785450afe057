import type { Backend, Scratch } from "./backend.ts";
import type { Geometry } from "./geometry.ts";
import type { Residual } from "./sumo-options.ts";

/**
 * What the update takes from outside the subspace, R = G − Q Ĝ, prepared so that one product with Q serves both parts:
 * direction = c G Φ + Q (s O − c Ĝ Φ) = s Q O + c R Φ, with Φ a scaling of R's lines. It commutes with Q, which acts across them.
 *
 * @param direction - m × n. Left holding c G Φ.
 * @param inside - s O on entry, s O − c Ĝ Φ on exit.
 * @param projected - Ĝ. Left holding Ĝ Φ.
 */
export function addResidual<T>(
  backend: Backend<T, never>,
  direction: T,
  inside: T,
  projected: T,
  gradient: T,
  residual: Exclude<Residual, "joint" | "off">,
  { side }: Geometry,
  scratch: Scratch<T>,
): void {
  const weight = residualWeight(residual);
  backend.axpby(direction, weight, gradient, 0);
  if (residual === "fira") {
    const lines = side === "left" ? "columns" : "rows";
    backend.scaleLines(direction, inside, projected, lines, scratch);
    backend.scaleLines(projected, inside, projected, lines, scratch);
  }
  backend.axpby(inside, -weight, projected, 1);
}

/** The coefficient c. Fira's scaling is all in Φ. */
function residualWeight(residual: Exclude<Residual, "joint" | "off">): number {
  return typeof residual === "object" && "scale" in residual ? residual.scale : 1;
}
