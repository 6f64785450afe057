import { describe } from "@sumo/linalg";
import { checkModel } from "../arguments.ts";
import type { LlamaConfig } from "../config.ts";
import { CheckpointError } from "../errors.ts";
import { storeWeights } from "../weights/bfloat16.ts";
import type { Parameter, WeightData } from "../weights/parameters.ts";
import { checkNames, checkShape } from "./tensor-checks.ts";

/** A tensor of a checkpoint: its shape and its numbers, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/**
 * Overwrites a model's weights with the tensors of a checkpoint in Hugging Face's names and layout. Ignores
 * `lm_head.weight` where the model is tied, and the tables of rotary frequencies in old checkpoints.
 *
 * @throws {CheckpointError} when a tensor is missing, unknown, misshapen or not finite; nothing is written then.
 *
 * @example
 * const model = createLlama(fromHuggingFaceConfig(JSON.parse(configText)));
 * loadTensors(model, tensors); // { "model.embed_tokens.weight": { shape, data }, … }
 */
export function loadTensors(
  model: { readonly config: LlamaConfig; readonly parameters: readonly Parameter<WeightData>[] },
  tensors: Readonly<Record<string, Tensor>>,
): void {
  checkModel("loadTensors", model);
  if (typeof tensors !== "object" || tensors === null) {
    refuse(`expected an object of tensors by name, got ${describe(tensors)}`);
  }
  checkNames("loadTensors", model, Object.keys(tensors));
  for (const parameter of model.parameters) {
    checkShape("loadTensors", parameter, tensors[parameter.name]);
    checkNumbers(parameter, tensors[parameter.name]!);
  }
  for (const { name, data } of model.parameters) storeWeights(data, tensors[name]!.data);
}

function checkNumbers({ name, data }: Parameter<WeightData>, tensor: Tensor): void {
  if (!(tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)) {
    refuse(`expected a Float32Array or Float64Array in ${name}, got ${describe(tensor.data)}`);
  }
  if (tensor.data.length !== data.length)
    refuse(`expected ${data.length} numbers in ${name}, got ${tensor.data.length}`);
  const odd = tensor.data.findIndex((x) => !Number.isFinite(Math.fround(x)));
  if (odd >= 0) refuse(`expected finite float32 numbers in ${name}, got ${tensor.data[odd]} at ${odd}`);
}

function refuse(message: string): never {
  throw new CheckpointError("loadTensors", message);
}
