import { OptimizerError } from "@sumo/core";

/** A state that was used before: every update gives the next one, and uses its own up. */
export class StateError extends OptimizerError {
  readonly code = "OPTIMIZER_STATE";
}

/** Gradients or parameters of another structure than `init` saw. */
export class StructureError extends OptimizerError {
  readonly code = "OPTIMIZER_STRUCTURE";
}
