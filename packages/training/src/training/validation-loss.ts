import type { Collective } from "@sumo/core";
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
 * @param ranks - they share the batches, and all get the result, with the bits of one process.
 */
export function validationLoss(
  pass: Pick<Pass, "loss">,
  sequences: Sequences,
  batch: Batch,
  shape: BatchShape,
  tokens: number,
  ranks?: Collective,
): ValidationLoss {
  const { rank, size } = ranks ?? { rank: 0, size: 1 };
  const counts: number[] = [];
  const measured: number[] = [];
  for (const _ of sequences.heldOut(batch, shape, tokens)) {
    const isOwn = counts.length % size === rank;
    measured.push(isOwn ? pass.loss(batch.tokens, batch.targets, batch.positions) : 0);
    counts.push(countTargets(batch));
  }
  const losses = Float64Array.from(measured);
  ranks?.allReduce(losses, "sum"); // of one loss and zeros
  const most = shape.batch * shape.length;
  let sum = 0;
  let batches = 0; // those of which only a part counts are parts
  for (const [i, loss] of losses.entries()) {
    sum += (counts[i]! / most) * loss;
    batches += counts[i]! / most;
  }
  return { loss: sum / batches, tokens: counts.reduce((total, count) => total + count, 0) };
}
