import { orthogonalizeBytes } from "../../steps/orthogonalize.ts";
import type { ResidualForm } from "./form.ts";
import { limitInside, orthogonalizeInside } from "./inside.ts";

/** `residual: "off"`: D = s Q O. D is formed only for a cautious decay; otherwise the product Q O is added to the weight directly. */
export const off: ResidualForm = {
  needsProjectionOnly: true,

  update(input) {
    const { settings, subspace, moment, scratch } = input;
    const { seen } = orthogonalizeInside(input);
    if (!settings.cautious) return { direction: { kind: "inside", subspace, matrix: moment }, seen };
    const limitedO = limitInside(input);
    const direction = scratch.matrix(subspace.geometry.rows, subspace.geometry.cols);
    subspace.lift(direction, moment);
    return { direction: { kind: "whole", matrix: direction }, limitedO, seen };
  },

  bytes({ rows, cols, momentRows, momentCols }, { cautious, orthogonalize }, sizes) {
    const direction = cautious ? sizes.matrix(rows, cols) : 0;
    return Math.max(direction, orthogonalizeBytes(momentRows, momentCols, orthogonalize, sizes));
  },
};
