import type { Tensor } from "@sumo/core";
import type { Llama } from "@sumo/llama";
import { RunError } from "./errors.ts";

/**
 * Sets every weight of `model` from tensors of the same names.
 *
 * @throws {RunError} if one is missing or has another shape or type, before any weight is set.
 */
export function loadWeights(model: Llama, tensors: Readonly<Record<string, Tensor>>): void {
  const pairs = model.parameters.map(({ name, shape, data }) => {
    const tensor = tensors[name];
    if (tensor === undefined) throw new RunError(`weights: ${name} is missing`);
    if (tensor.shape.join() !== shape.join()) {
      throw new RunError(`weights: ${name} should be [${shape.join(", ")}], is [${tensor.shape.join(", ")}]`);
    }
    if (!(tensor.data instanceof Float32Array)) throw new RunError(`weights: ${name} is not float32`);
    return { to: data, from: tensor.data };
  });
  for (const { to, from } of pairs) to.set(from);
}
