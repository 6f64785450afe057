export { planTable } from "@sumo/core";
export type { Arrays } from "./arrays.ts";
export { StateError, StructureError } from "./errors.ts";
export { type JaxMatrix, type JaxSource, jaxBackend } from "./jax-backend.ts";
export { Place } from "./place.ts";
export {
  type PureGroup,
  type PureLearningRate,
  type PureState,
  type PureTransformation,
  pureTransformation,
} from "./pure/pure-transformation.ts";
export type { State } from "./state.ts";
export { applyUpdates, type StepOptions, type Transformation, transformation } from "./transformation.ts";
