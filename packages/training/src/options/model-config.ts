import { type LlamaConfig, llamaConfig } from "@sumo/llama";
import { UsageError } from "../errors.ts";
import type { TrainOptions } from "./train-options.ts";

/**
 * The configuration of a run's new model.
 *
 * @throws {UsageError} if its sizes do not go together.
 */
export function modelConfig(options: TrainOptions, vocabSize: number): LlamaConfig {
  const { dim, layers, heads, kvHeads, hidden, context, tied } = options;
  if (dim % (2 * heads) !== 0)
    throw new UsageError(`--dim must be a multiple of twice --heads: ${dim} is none of ${2 * heads}`);
  if (kvHeads !== undefined && heads % kvHeads !== 0) {
    throw new UsageError(`--heads must be a multiple of --kv-heads: ${heads} is none of ${kvHeads}`);
  }
  return llamaConfig({
    vocabSize,
    dim,
    layers,
    heads,
    context,
    ...(tied !== undefined && { tied }),
    ...(kvHeads !== undefined && { kvHeads }),
    ...(hidden !== undefined && { hidden }),
  });
}
