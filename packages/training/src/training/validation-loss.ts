import type { Pass } from "@sumo/llama";
import { type Batch, type BatchShape, countTargets } from "../text/batches.ts";
import type { Sequences } from "../text/sequences.ts";

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
  sequences: Sequences,
  batch: Batch,
  shape: BatchShape,
  tokens: number,
): ValidationLoss {
  const most = shape.batch * shape.length;
  let sum = 0;
  let batches = 0; // those of which only a part counts are parts
  let measured = 0;
  for (const _ of sequences.heldOut(batch, shape, tokens)) {
    const count = countTargets(batch);
    sum += (count / most) * pass.loss(batch.tokens, batch.targets);
    batches += count / most;
    measured += count;
  }
  return { loss: sum / batches, tokens: measured };
}
