import { readSafetensors } from "@sumo/core";
import { type Llama, loadTensors, type Tensor } from "@sumo/llama";
import { RunError } from "./errors.ts";

/**
 * Sets a model's weights from a safetensors file in Hugging Face's names and layout.
 *
 * @throws {RunError} if a tensor holds no floating-point numbers. @throws {SafetensorsError} @throws {CheckpointError} if the file is
 * damaged or another model's. Nothing is written then.
 */
export function loadWeights(model: Llama, file: Uint8Array): void {
  const tensors: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(readSafetensors(file).tensors)) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) {
      throw new RunError(`weights: ${name} holds no floating-point numbers`);
    }
    tensors[name] = { shape, data };
  }
  loadTensors(model, tensors);
}
