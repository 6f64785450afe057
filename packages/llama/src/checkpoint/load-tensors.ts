import type { LlamaConfig } from "../config.ts";
import { CheckpointError } from "../errors.ts";
import type { Parameter } from "../weights/parameters.ts";

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
  model: { readonly config: LlamaConfig; readonly parameters: readonly Parameter[] },
  tensors: Readonly<Record<string, Tensor>>,
): void {
  const known = new Set(model.parameters.map(({ name }) => name));
  const ignored = (name: string): boolean =>
    name.endsWith("rotary_emb.inv_freq") || (model.config.tied && name === "lm_head.weight");
  const unknown = Object.keys(tensors).find((name) => !known.has(name) && !ignored(name));
  if (unknown !== undefined) refuse(`the model has no ${unknown}`);
  for (const parameter of model.parameters) checkTensor(parameter, tensors[parameter.name]);
  for (const { name, data } of model.parameters) data.set(tensors[name]!.data);
}

function checkTensor({ name, shape }: Parameter, tensor: Tensor | undefined): void {
  if (tensor === undefined) throw new CheckpointError("loadTensors", `${name} is missing`);
  const size = shape.reduce((product, length) => product * length, 1);
  if (tensor.shape.length !== shape.length || shape.some((length, i) => tensor.shape[i] !== length)) {
    refuse(`expected ${name} of [${shape.join(", ")}], got [${tensor.shape.join(", ")}]`);
  }
  if (tensor.data.length !== size) refuse(`expected ${size} numbers in ${name}, got ${tensor.data.length}`);
  const odd = tensor.data.findIndex((x) => !Number.isFinite(Math.fround(x)));
  if (odd >= 0) refuse(`expected finite float32 numbers in ${name}, got ${tensor.data[odd]} at ${odd}`);
}

function refuse(message: string): never {
  throw new CheckpointError("loadTensors", message);
}
