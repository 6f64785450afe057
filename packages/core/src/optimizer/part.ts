import type { Stepper } from "../algorithms/stepper.ts";
import type { Part } from "./parameter.ts";

/** One matrix of a parameter, the whole parameter unless it is split. */
export interface TrackedPart<T> extends Part {
  readonly weight: T;
  readonly stepper: Stepper<T>;
  /** Names of the state's matrices that are equal on all ranks: all of them, unless the state has an owner. */
  readonly replicated: readonly string[];
  /** Whether ranks that do not own the state get the update of a projected gradient, instead of the weight. */
  readonly followed: boolean;
}
