import type { Stepper } from "../algorithms/stepper.ts";
import type { Part } from "./parameter.ts";

/** One matrix of a parameter: all of it, or a part of a split one. */
export interface TrackedPart<T> extends Part {
  readonly weight: T;
  readonly stepper: Stepper<T>;
}
