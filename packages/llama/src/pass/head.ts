import type { Blocks } from "../memory/blocks.ts";
import { countTargets } from "../tokens.ts";
import type { OuterBlock } from "../weights/parameters.ts";
import { logitRows } from "./activations.ts";
import type { ForwardContext, PassContext } from "./context.ts";
import { shareOf } from "./crew.ts";
import { linear, linearBackward, linearWeightGradient } from "./products.ts";

/**
 * Final norm, head and loss: fills `losses`. With `gradients` it also fills `branch` with the gradient of the normed rows, and the gradient
 * of the head. Works on chunks of rows, shared among the threads, so that few logits are in memory at once.
 */
export function headLoss(context: PassContext, gradients?: Blocks<OuterBlock>): void {
  const { config, shape, engine, kernels, activations, crew } = context;
  const { dim, vocabSize } = config;
  const { head } = context.weights.outer;
  const { branch, logits, normed } = activations.shared;
  const all = shape.batch * shape.length;
  normLast(context);
  const { targets, losses } = activations;
  const scale = 1 / countTargets(targets);
  const step = logitRows(config, shape);
  for (let start = 0; start < all; start += step) {
    const chunk = Math.min(step, all - start);
    const { from, to } = shareOf(crew, chunk);
    const rows = to - from;
    const first = start + from;
    const at = from * vocabSize;
    crew.wait(); // all rows are normed, or all members have read the logits of the last chunk
    linear(context, rows, dim, vocabSize, normed, first * dim, head, 0, logits, at);
    kernels.crossEntropy(rows, vocabSize, scale, logits, at, targets, first, losses, first);
    if (gradients === undefined) continue;
    linearBackward(context, rows, dim, vocabSize, logits, at, head, branch, first * dim);
    crew.wait();
    const share = shareOf(crew, vocabSize, 16);
    const beta = start === 0 ? 0 : 1;
    linearWeightGradient(engine, chunk, dim, vocabSize, share, logits, normed, start * dim, beta, gradients.head);
  }
  crew.wait();
}

/** Backward pass of the final norm: `stream` ← gradient of the last layer's output; fills the gradient of the norm's weights. */
export function backwardLastNorm(context: PassContext, gradients: Blocks<OuterBlock>): void {
  const { config, shape, kernels, activations, crew } = context;
  const { dim } = config;
  const { last, lastInverse, branch, stream } = activations.shared;
  const { norm } = context.weights.outer;
  const { first, rows } = context.span;
  const at = first * dim;
  if (crew.index === 0) {
    kernels.rmsNormWeightGradient(shape.batch * shape.length, dim, last, lastInverse, branch, gradients.norm);
  }
  stream.fill(0, at, at + rows * dim);
  kernels.rmsNormBackward(rows, dim, last, at, norm, lastInverse, first, branch, at, stream, at);
  crew.wait();
}

/** normed ← final norm of the span's rows of `last`. */
export function normLast(context: ForwardContext): void {
  const { config, kernels, activations } = context;
  const { dim, normEps } = config;
  const { last, lastInverse, normed } = activations.shared;
  const { first, rows } = context.span;
  const at = first * dim;
  kernels.rmsNorm(rows, dim, normEps, last, at, context.weights.outer.norm, normed, at, lastInverse, first);
}
