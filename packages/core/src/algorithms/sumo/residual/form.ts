import type { Backend, BackendSizes, Scratch } from "../../../backend/backend.ts";
import type { Gradient } from "../../gradient.ts";
import type { StepTrace } from "../../stepper.ts";
import type { Direction } from "../../steps/descend.ts";
import type { Geometry } from "../../steps/geometry.ts";
import type { Limited } from "../../steps/limit.ts";
import type { Layout } from "../../steps/scale.ts";
import type { Subspace } from "../../steps/subspace.ts";
import type { SumoSettings } from "../options.ts";

/** Steps 3 and 5 of Algorithm 1 for one form of the residual: combines the moment inside the subspace with the gradient outside it. */
export interface ResidualForm {
  /** Whether the update needs Ĝ alone, not the whole gradient. */
  readonly needsProjectionOnly: boolean;
  update<T>(input: UpdateInput<T>): Update<T>;
  /** Bytes of scratch for `update`, without the matrices of its input. */
  bytes(geometry: Geometry, settings: SumoSettings, sizes: BackendSizes): number;
}

export interface UpdateInput<T> {
  readonly backend: Backend<T, never>;
  readonly settings: SumoSettings;
  readonly subspace: Subspace<T>;
  /** The matrix to orthogonalize: M, or μ M + Ĝ (Nesterov). Overwritten. */
  readonly moment: T;
  /** Ĝ. Overwritten. */
  readonly projected: T;
  readonly gradient: Gradient<T>;
  /** The norm that the growth limit compares with. */
  readonly lastNorm: number;
  readonly layout: Layout;
  /** Factor of the scale: the gradients' agreement under `scale: "adam"`, else 1. */
  readonly unit: number;
  readonly scratch: Scratch<T>;
  readonly watched: boolean;
}

/** An update before the growth limit. */
export interface Update<T> {
  readonly direction: Direction<T>;
  /** The direction's norm, if it is known. */
  readonly norm?: number | undefined;
  /** Largest norm of the update; `Infinity` by default. */
  readonly ceiling?: number;
  /** Result of the growth limit on O, if it limits O alone. */
  readonly limitedO?: Limited | undefined;
  /** Measurements for listeners. */
  readonly seen: Pick<StepTrace, "spectrum" | "orthogonality">;
}
