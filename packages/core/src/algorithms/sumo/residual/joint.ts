import { wholeOf } from "../../gradient.ts";
import { equilibrate, equilibrateBytes } from "../../steps/equilibrate.ts";
import { orthogonalize, orthogonalizeBytes } from "../../steps/orthogonalize.ts";
import { updateScale } from "../../steps/scale.ts";
import { inspect } from "../../steps/telemetry.ts";
import { gradientUnit } from "../moment.ts";
import type { ResidualForm } from "./form.ts";

/**
 * `residual: "joint"` and `{ joint: c }`: D = s polar(Q X + c (G − Q Ĝ)), where X is the moment in units of one gradient. Not in the paper: the whole
 * update is orthogonal, while the state holds the subspace only. The rows of the sum may be equilibrated first.
 */
export const joint = (c: number): ResidualForm => ({
  needsProjectionOnly: false,

  update({ backend, settings, subspace, moment, projected, gradient, layout, unit, scratch, watched }) {
    const { rows, cols } = subspace.geometry;
    const direction = scratch.matrix(rows, cols);
    backend.axpby(moment, -c, projected, gradientUnit(settings));
    backend.axpby(direction, c, wholeOf(gradient).matrix, 0);
    subspace.lift(direction, moment, { beta: 1 });
    equilibrate(backend, direction, settings.equilibrate, layout, scratch);
    const info = orthogonalize(backend, direction, rows, cols, settings.orthogonalize, scratch);
    const seen = watched ? inspect(backend, info, direction, rows, cols, scratch) : {};
    const scale = unit * updateScale(settings, rows, cols, Math.min(rows, cols), layout);
    backend.axpby(direction, scale, direction, 0);
    return { direction: { kind: "whole", matrix: direction }, seen };
  },

  bytes({ rows, cols }, { orthogonalize, equilibrate }, sizes) {
    const routines = orthogonalizeBytes(rows, cols, orthogonalize, sizes);
    return sizes.matrix(rows, cols) + Math.max(routines, equilibrateBytes(rows, cols, equilibrate, sizes));
  },
});
