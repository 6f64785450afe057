import type { Decoder, Llama, WeightData } from "@sumo/llama";
import { evenly } from "../text/batches.ts";

/** How a share of held-out examples is measured. */
export interface ShareOptions {
  /** Examples that are tried, spaced evenly; all where there are fewer. */
  readonly count: number;
  /** Tokens that the longest of them has, at most the model's context: the size of the decoder's cache. */
  readonly context: number;
}

/**
 * Share of examples that a model gets right.
 *
 * @param examples - at least one.
 * @param isRight - asks the model by its decoder, whose cache may hold an example before.
 */
export function heldOutShare<T>(
  model: Llama<WeightData>,
  examples: readonly T[],
  { count, context }: ShareOptions,
  isRight: (example: T, decoder: Decoder) => boolean,
): number {
  const chosen = evenly(Math.min(count, examples.length), examples.length - 1).map((i) => examples[i]!);
  const decoder = model.createDecoder(context);
  try {
    return chosen.filter((example) => isRight(example, decoder)).length / chosen.length;
  } finally {
    decoder.dispose();
  }
}
