import { bytesOfActivations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import { bytesOfGradients } from "./gradients.ts";
import { checkPassShape, type PassOptions } from "./pass.ts";
import { bytesOfCrew } from "./threaded-pass.ts";
import { bytesOfWeights } from "./weights.ts";

export interface PlanOptions extends PassOptions {
  readonly batch: number;
  readonly length: number;
  /** Default 1. */
  readonly threads?: number;
}

/** Bytes of heap; each block is rounded up to 64. */
export interface LlamaPlan {
  /** The parameters and the table of rotary positions. */
  readonly weightBytes: number;
  /** What a pass keeps for the way back, its scratch, and its workers' heaps. */
  readonly activationBytes: number;
  /** One layer's gradients and those of the embedding and the final norm. */
  readonly gradientBytes: number;
}

/**
 * What a model and one pass over batches of `batch` × `length` tokens will allocate, before anything is. The calling thread's engine's
 * own scratch for products comes on top.
 *
 * @throws {ConfigError} for a shape that the model cannot take.
 */
export function planLlama(
  config: LlamaConfig,
  { batch, length, threads = 1, recompute = false }: PlanOptions,
): LlamaPlan {
  checkPassShape("planLlama", config, batch, length);
  return {
    weightBytes: bytesOfWeights(config),
    activationBytes: bytesOfActivations(config, { batch, length, threads, recompute }) + bytesOfCrew(threads),
    gradientBytes: bytesOfGradients(config),
  };
}
