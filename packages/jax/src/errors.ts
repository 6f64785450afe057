import { OptimizerError } from "@sumo/core";

/** A state that an update consumed or `dispose` released. Every update returns the next one. */
export class StateError extends OptimizerError {
  static override readonly code = "OPTIMIZER_STATE";
}

/** Gradients or parameters with other keys, shapes or element types than those of `init`. */
export class StructureError extends OptimizerError {
  static override readonly code = "OPTIMIZER_STRUCTURE";
}
