import type { LlamaConfig } from "../config.ts";
import { CheckpointError } from "../errors.ts";
import type { Parameter, ParameterShape, WeightData } from "../weights/parameters.ts";

/**
 * Checks that a model has a parameter for every tensor. `lm_head.weight` is passed over where the model is tied, and so are the tables of
 * rotary frequencies in old checkpoints.
 *
 * @throws {CheckpointError}
 */
export function checkNames(
  operation: string,
  { config, parameters }: { readonly config: LlamaConfig; readonly parameters: readonly Parameter<WeightData>[] },
  names: Iterable<string>,
): void {
  const known = new Set(parameters.map(({ name }) => name));
  const ignored = (name: string): boolean =>
    name.endsWith("rotary_emb.inv_freq") || (config.tied && name === "lm_head.weight");
  for (const name of names) {
    if (!known.has(name) && !ignored(name)) throw new CheckpointError(operation, `the model has no ${name}`);
  }
}

/** Checks that a parameter's tensor is there, and has its shape. @throws {CheckpointError} */
export function checkShape(
  operation: string,
  { name, shape }: ParameterShape,
  tensor: { readonly shape: readonly number[] } | undefined,
): void {
  if (tensor === undefined) throw new CheckpointError(operation, `${name} is missing`);
  if (!Array.isArray(tensor?.shape)) throw new CheckpointError(operation, `expected { shape, data } of ${name}`);
  if (tensor.shape.length !== shape.length || shape.some((length, i) => tensor.shape[i] !== length)) {
    throw new CheckpointError(operation, `expected ${name} of [${shape.join(", ")}], got [${tensor.shape.join(", ")}]`);
  }
}
