import { describe } from "@sumo/linalg";
import { checkOptions } from "./arguments.ts";
import { checkConfig, type LlamaConfig } from "./config.ts";
import { bytesOfDecoder } from "./decode/decoder.ts";
import { ConfigError } from "./errors.ts";
import { bytesOfActivations } from "./pass/activations.ts";
import { bytesOfGradients } from "./pass/gradients.ts";
import { checkPassShape, type PassOptions } from "./pass/pass.ts";
import { bytesOfCrew } from "./threads/threaded-pass.ts";
import { bytesOfWeights, checkWeightType, type WeightType } from "./weights/weights.ts";

/** Shape and options of the pass to plan for. */
export interface PlanOptions extends PassOptions {
  readonly batch: number;
  readonly length: number;
  /** Threads of the pass, the calling one included. Default 1. */
  readonly threads?: number;
  /** Type of the weights, as in `createLlama`. Default `"float32"`. */
  readonly dtype?: WeightType;
}

/** Memory of a model and a pass, in bytes of heap; each block is rounded up to a multiple of 64. */
export interface LlamaPlan {
  /** The parameters. */
  readonly weightBytes: number;
  /** Activations of a pass, its table of rotary positions, its scratch, and its workers' heaps. */
  readonly activationBytes: number;
  /** One layer's gradients and those of the embedding and the final norm. */
  readonly gradientBytes: number;
}

/**
 * Plans the memory of a model and one pass over batches of `batch` × `length` tokens, to the byte. Not counted: the scratch of the calling
 * thread's engine. Allocates nothing.
 *
 * @throws {ConfigError} for a shape that the model cannot take.
 */
export function planLlama(config: LlamaConfig, options: PlanOptions): LlamaPlan {
  checkConfig("planLlama", config);
  checkOptions("planLlama", options, {
    batch: "number",
    length: "number",
    threads: "number",
    recompute: "boolean",
    dtype: "any",
  });
  const { batch, length, threads = 1, recompute = false, dtype = "float32" } = options;
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new ConfigError("planLlama", `threads must be a whole number of at least 1, got ${describe(threads)}`);
  }
  checkWeightType("planLlama", dtype);
  checkPassShape("planLlama", config, batch, length);
  return {
    weightBytes: bytesOfWeights(config, dtype),
    activationBytes: bytesOfActivations(config, { batch, length, threads, recompute, dtype }) + bytesOfCrew(threads),
    gradientBytes: bytesOfGradients(config),
  };
}

/**
 * Plans the memory of a decoder, in bytes of heap, to the byte. Not counted: as in {@link planLlama}.
 *
 * @param capacity - tokens that its cache holds.
 * @param dtype - type of the weights, as in `createLlama`.
 * @throws {ConfigError} for a capacity outside the context.
 */
export function planDecoder(config: LlamaConfig, capacity: number, dtype: WeightType = "float32"): number {
  checkConfig("planDecoder", config);
  checkWeightType("planDecoder", dtype);
  checkPassShape("planDecoder", config, 1, capacity);
  return bytesOfDecoder(config, capacity, dtype);
}
