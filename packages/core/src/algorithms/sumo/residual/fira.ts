import type { Backend, Lines } from "../../../backend/backend.ts";
import { wholeOf } from "../../gradient.ts";
import type { Geometry } from "../../steps/geometry.ts";
import { orthogonalizeBytes } from "../../steps/orthogonalize.ts";
import type { ResidualForm } from "./form.ts";
import { limitInside, orthogonalizeInside } from "./inside.ts";

/** Tolerance of the ceiling: at full rank ‖O‖ equals it, and rounding errors, which are far smaller, must not count as growth. */
const ROUNDING = 2 ** -16;

/**
 * `residual: "fira"`: D = s Q O + (G − Q Ĝ) Φ, with Φ scaling each line as orthogonalization scaled that line of Ĝ. Φ acts across Q, so it
 * commutes with Q, and one product serves both parts: D = G Φ + Q (s O − Ĝ Φ).
 *
 * @see Chen et al., Fira, arXiv 2410.01827 (2024), eq. 4 and norm-based scaling. Deviates: the whole update has a ceiling.
 */
export const fira: ResidualForm = {
  needsProjectionOnly: false,

  update(input) {
    const { backend, subspace, moment, projected, scratch } = input;
    const { geometry } = subspace;
    const gradient = wholeOf(input.gradient).matrix;
    const lines = linesAcross(geometry);
    backend.expectNorms?.(gradient, lines);
    backend.expectNorms?.(projected, lines);
    const { scale, seen } = orthogonalizeInside(input);
    const limitedO = limitInside(input);
    const direction = scratch.matrix(geometry.rows, geometry.cols);
    const norm = firaNorm(backend, moment, projected, gradient, lines);
    backend.scaleLines(direction, gradient, moment, projected, lines, scratch);
    backend.scaleLines(projected, projected, moment, projected, lines, scratch);
    backend.axpby(moment, -1, projected, 1);
    subspace.lift(direction, moment, { beta: 1 });
    return {
      direction: { kind: "whole", matrix: direction },
      norm,
      ceiling: ceilingOf(scale, geometry),
      limitedO,
      seen,
    };
  },

  bytes({ rows, cols, momentRows, momentCols }, { orthogonalize }, sizes) {
    const direction = sizes.matrix(rows, cols) + sizes.scaleLines(rows, cols);
    return Math.max(direction, orthogonalizeBytes(momentRows, momentCols, orthogonalize, sizes));
  },
};

/** Lines that Φ scales: columns if Q multiplies from the left, else rows, so that Φ and Q commute. */
const linesAcross = ({ side }: Geometry): Lines => (side === "left" ? "columns" : "rows");

/**
 * ‖D‖ from norms of lines alone; `undefined` if they would need a read-back. R = G − Q Ĝ is orthogonal to Q, and Φ makes the
 * lines of Ĝ as long as those of s O: line j of D is as long as ‖G_j‖ ‖s O_j‖ / ‖Ĝ_j‖, or as s O_j where Ĝ_j is zero.
 *
 * @param o - s O.
 */
function firaNorm<T>(backend: Backend<T, never>, o: T, projected: T, gradient: T, lines: Lines): number | undefined {
  const [ofO, ofProjected, ofGradient] = [o, projected, gradient].map((a) => backend.knownLineNorms?.(a, lines));
  if (ofO === undefined || ofProjected === undefined || ofGradient === undefined) return undefined;
  let sum = 0;
  for (let j = 0; j < ofO.length; j++) {
    sum += (ofProjected[j] === 0 ? ofO[j]! : (ofO[j]! / ofProjected[j]!) * ofGradient[j]!) ** 2;
  }
  return Math.sqrt(sum);
}

/**
 * Ceiling of an update with Fira's residual: s √min(m, n), the norm of an orthogonalized whole gradient.
 *
 * Fira takes s ‖O‖ / ‖Ĝ‖ = s √r / ‖Ĝ‖ for the factor by which the whole gradient would be scaled (norm-based scaling). For an
 * orthogonalized step that factor is known, s √min(m, n) / ‖G‖: Fira's is too large exactly where the subspace holds less than
 * r / min(m, n) of the gradient's energy. The leading subspace holds that much; a stale one, in which training has converged, holds
 * almost nothing, and the residual would grow without bound.
 */
function ceilingOf(scale: number, { rows, cols }: Geometry): number {
  return scale * Math.sqrt(Math.min(rows, cols)) * (1 + ROUNDING);
}
