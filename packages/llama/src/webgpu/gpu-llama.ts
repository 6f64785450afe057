import { checkModel } from "../arguments.ts";
import { ConfigError } from "../errors.ts";
import type { Llama } from "../model.ts";
import type { PassOptions } from "../pass/pass.ts";
import { GpuArena } from "./arena.ts";
import type { Gpu } from "./gpu.ts";
import { createGpuPass, type GpuPass } from "./pass/pass.ts";
import { allocateWeights } from "./weights.ts";

/** A LLaMA whose weights are on a GPU too. Those in the engine's heap are the model: the GPU's are a copy. */
export interface GpuLlama {
  /**
   * Creates a pass over batches of `batch` sequences of `length` tokens.
   *
   * @throws {ConfigError} for a shape that the model or the device cannot take. @throws {InputError} for an array above the device's limit.
   */
  createPass(batch: number, length: number, options?: PassOptions): GpuPass;
  /** Writes the model's parameters to the device: after they were changed, other than by the call-back of `GpuPass.backward`. */
  upload(): void;
  /** Releases the memory on the device. The model stays; this must not be used again, nor its passes. */
  dispose(): void;
}

/**
 * Puts a copy of a model's weights on a GPU, to train it there.
 *
 * @throws {ConfigError} for a model with norms of queries and keys (`qkNorm`), for which there are no kernels, or in
 * bfloat16. @throws {InputError} for a block of weights above the device's limit. Nothing stays allocated.
 *
 * @example
 * const gpu = await requestGpu();
 * const onGpu = createGpuLlama(gpu, createLlama({ dim: 64, layers: 2, context: 32 }));
 * const pass = onGpu.createPass(1, 4);
 * await pass.loss(Int32Array.of(1, 2, 3, 4), Int32Array.of(2, 3, 4, 5)); // about ln 256
 */
export function createGpuLlama(gpu: Gpu, model: Llama): GpuLlama {
  checkModel("createGpuLlama", model);
  if (model.config.qkNorm) {
    throw new ConfigError("createGpuLlama", "qkNorm is not supported on a GPU; train this model on the processor");
  }
  if (model.dtype !== "float32") {
    throw new ConfigError("createGpuLlama", `expected a model in float32, got ${model.dtype}`);
  }
  return GpuArena.allocate(gpu, (arena) => {
    const weights = allocateWeights(model.config, arena);
    const upload = (): void => {
      for (const { name, data } of model.parameters) gpu.write(weights.parameters.get(name)!, data);
    };
    upload();
    return {
      createPass: (batch, length, options = {}) => createGpuPass(gpu, model, weights, batch, length, options),
      upload,
      dispose: () => arena.release(),
    };
  });
}
