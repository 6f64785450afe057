import type { Backend, Lines, Scratch } from "../../../backend/backend.ts";
import type { Geometry } from "../../steps/geometry.ts";
import type { Residual } from "../options.ts";

/** At full rank O alone is as long as the ceiling: its rounding errors, far below this, must not count as growth. */
const ROUNDING = 2 ** -16;

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
  geometry: Geometry,
  scratch: Scratch<T>,
): void {
  const weight = residualWeight(residual);
  if (residual === "fira") {
    const lines = linesAcross(geometry);
    backend.scaleLines(direction, gradient, inside, projected, lines, scratch);
    backend.scaleLines(projected, projected, inside, projected, lines, scratch);
  } else {
    backend.axpby(direction, weight, gradient, 0);
  }
  backend.axpby(inside, -weight, projected, 1);
}

/** The coefficient c. Fira's scaling is all in Φ. */
function residualWeight(residual: Exclude<Residual, "joint" | "off">): number {
  return typeof residual === "object" && "scale" in residual ? residual.scale : 1;
}

/** The lines that Fira scales: those along which Q does not act. */
export function linesAcross({ side }: Geometry): Lines {
  return side === "left" ? "columns" : "rows";
}

/**
 * ‖direction‖ as {@link addResidual} and the product with Q will make it, from norms of lines alone; `undefined` where the backend would
 * have to read them. R is orthogonal to Q, and Φ makes the lines of Ĝ as long as those of s O: line j of the direction is as long as
 * ‖G_j‖ ‖s O_j‖ / ‖Ĝ_j‖, or as s O_j where Ĝ_j is zero.
 *
 * @param inside - s O.
 */
export function firaNorm<T>(
  backend: Backend<T, never>,
  inside: T,
  projected: T,
  gradient: T,
  geometry: Geometry,
): number | undefined {
  const lines = linesAcross(geometry);
  const [o, p, g] = [inside, projected, gradient].map((a) => backend.knownLineNorms?.(a, lines));
  if (o === undefined || p === undefined || g === undefined) return undefined;
  let sum = 0;
  for (let j = 0; j < o.length; j++) sum += (p[j] === 0 ? o[j]! : (o[j]! / p[j]!) * g[j]!) ** 2;
  return Math.sqrt(sum);
}

/**
 * The longest update that Fira's residual may make: s √min(m, n), what orthogonalizing the whole gradient would give.
 *
 * Fira takes s ‖O‖ / ‖Ĝ‖ = s √r / ‖Ĝ‖ for the factor by which the whole gradient would be scaled (Chen et al. 2024, arXiv 2410.01827,
 * norm-based scaling). For an orthogonalized step that factor is known, s √min(m, n) / ‖G‖: Fira's is too large exactly where the subspace
 * holds less than r / min(m, n) of the gradient's energy. The leading subspace holds that much; an old one, inside which everything has
 * converged, holds next to nothing, and the residual would grow without bound.
 */
export function firaCeiling(scale: number, { rows, cols }: Geometry): number {
  return scale * Math.sqrt(Math.min(rows, cols)) * (1 + ROUNDING);
}
