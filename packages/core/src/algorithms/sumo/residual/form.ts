import type { Backend, BackendSizes, Scratch } from "../../../backend/backend.ts";
import type { Gradient } from "../../gradient.ts";
import type { StepTrace } from "../../stepper.ts";
import type { Direction } from "../../steps/descend.ts";
import type { Geometry } from "../../steps/geometry.ts";
import type { Limited } from "../../steps/limit.ts";
import type { Layout } from "../../steps/scale.ts";
import type { Subspace } from "../../steps/subspace.ts";
import type { SumoSettings } from "../options.ts";

/** One way to make an update from the moment inside the subspace and the gradient outside it: steps 3 and 5 of Algorithm 1. */
export interface ResidualForm {
  /** The update needs Ĝ alone, not the whole gradient. */
  readonly needsProjectionOnly: boolean;
  update<T>(input: UpdateInput<T>): Update<T>;
  /** Scratch of `update` in bytes, beside the matrices of its input. */
  bytes(geometry: Geometry, settings: SumoSettings, sizes: BackendSizes): number;
}

export interface UpdateInput<T> {
  readonly backend: Backend<T, never>;
  readonly settings: SumoSettings;
  readonly subspace: Subspace<T>;
  /** The matrix to orthogonalize: M, or one step ahead of it. Overwritten. */
  readonly moment: T;
  /** Ĝ. Overwritten. */
  readonly projected: T;
  readonly gradient: Gradient<T>;
  /** The norm that the growth limit compares with. */
  readonly lastNorm: number;
  readonly layout: Layout;
  readonly scratch: Scratch<T>;
  readonly watched: boolean;
}

/** An update before the growth limit. */
export interface Update<T> {
  readonly direction: Direction<T>;
  /** The direction's norm, where it need not be measured. */
  readonly norm?: number | undefined;
  /** The longest that the update may be; `Infinity` by default. */
  readonly ceiling?: number;
  /** The result of the growth limit on O, where it acts on O alone. */
  readonly limitedO?: Limited | undefined;
  /** Measured if somebody listens. */
  readonly seen: Pick<StepTrace, "spectrum" | "orthogonality">;
}
