import type { Pass } from "@sumo/llama";
import { type Batch, type BatchShape, copySequence, evenStarts } from "../text/batches.ts";
import type { Corpus } from "../text/corpus.ts";

/** A validation loss: the mean in nats per token, and the tokens that it was measured on. */
export interface ValidationLoss {
  readonly loss: number;
  readonly tokens: number;
}

/**
 * Measures the validation loss on at least `tokens` tokens in evenly spaced sequences, or on all of them where there are fewer.
 *
 * @param pass - for batches of `shape`.
 * @param batch - overwritten.
 */
export function validationLoss(
  pass: Pick<Pass, "loss">,
  { validation }: Corpus,
  batch: Batch,
  { batch: count, length }: BatchShape,
  tokens: number,
): ValidationLoss {
  const batches = Math.ceil(Math.min(tokens, validation.length - 1) / (count * length));
  const starts = evenStarts(batches * count, validation.length, length);
  let sum = 0;
  for (let b = 0; b < batches; b++) {
    for (let i = 0; i < count; i++) copySequence(batch, i, validation, starts[b * count + i]!, length);
    sum += pass.loss(batch.tokens, batch.targets);
  }
  return { loss: sum / batches, tokens: batches * count * length };
}
