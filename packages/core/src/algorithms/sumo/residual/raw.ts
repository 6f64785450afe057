import { wholeOf } from "../../gradient.ts";
import { orthogonalizeBytes } from "../../steps/orthogonalize.ts";
import type { ResidualForm } from "./form.ts";
import { limitInside, orthogonalizeInside } from "./inside.ts";

/** `residual: "raw"`, the paper's with c = 1, and `{ scale: c }`: D = s Q O + c (G − Q Ĝ) = c G + Q (s O − c Ĝ), one product with Q. */
export const raw = (c: number): ResidualForm => ({
  needsProjectionOnly: false,

  update(input) {
    const { backend, subspace, moment, projected, gradient, scratch } = input;
    const { seen } = orthogonalizeInside(input);
    const limitedO = limitInside(input);
    const direction = scratch.matrix(subspace.geometry.rows, subspace.geometry.cols);
    backend.axpby(direction, c, wholeOf(gradient).matrix, 0);
    backend.axpby(moment, -c, projected, 1);
    subspace.lift(direction, moment, { beta: 1 });
    return { direction: { kind: "whole", matrix: direction }, limitedO, seen };
  },

  bytes({ rows, cols, momentRows, momentCols }, { orthogonalize }, sizes) {
    return Math.max(sizes.matrix(rows, cols), orthogonalizeBytes(momentRows, momentCols, orthogonalize, sizes));
  },
});
