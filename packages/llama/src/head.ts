import { logitRows } from "./activations.ts";
import type { Blocks } from "./blocks.ts";
import { shareOf } from "./crew.ts";
import type { OuterBlock } from "./parameters.ts";
import { linear, linearBackward, linearWeightGradient } from "./products.ts";
import type { ForwardRun, Run } from "./run.ts";

/**
 * Final norm, head and loss: fills `losses`. With `gradients` it also makes `branch` the gradient of the normed rows and fills those of
 * the head. The rows are taken a chunk at a time, shared among the threads, so that few logits exist at once.
 */
export function headLoss(run: Run, gradients?: Blocks<OuterBlock>): void {
  const { config, shape, engine, kernels, activations, crew } = run;
  const { dim, vocabSize } = config;
  const { head } = run.weights.outer;
  const { branch, logits, normed } = activations.shared;
  const all = shape.batch * shape.length;
  normLast(run);
  const step = logitRows(config, shape);
  for (let start = 0; start < all; start += step) {
    const chunk = Math.min(step, all - start);
    const { from, to } = shareOf(crew, chunk);
    const rows = to - from;
    const first = start + from;
    const at = from * vocabSize;
    crew.wait(); // until the rows are normed, or the logits of the last chunk are used up
    linear(engine, rows, dim, vocabSize, normed, first * dim, head, 0, logits, at);
    const { targets, losses } = activations;
    kernels.crossEntropy(rows, vocabSize, 1 / all, logits, at, targets, first, losses, first);
    if (gradients === undefined) continue;
    linearBackward(engine, rows, dim, vocabSize, logits, at, head, branch, first * dim);
    crew.wait();
    const share = shareOf(crew, vocabSize, 16);
    const beta = start === 0 ? 0 : 1;
    linearWeightGradient(engine, chunk, dim, vocabSize, share, logits, normed, start * dim, beta, gradients.head);
  }
  crew.wait();
}

/** The gradient of the final norm: `stream` ← the gradient of the last layer's output; the norm's weights' into `gradients`. */
export function backwardLastNorm(run: Run, gradients: Blocks<OuterBlock>): void {
  const { config, shape, kernels, activations, crew } = run;
  const { dim } = config;
  const { last, lastInverse, branch, stream } = activations.shared;
  const { norm } = run.weights.outer;
  const { first, rows } = run.span;
  const at = first * dim;
  if (crew.index === 0) {
    kernels.rmsNormWeightGradient(shape.batch * shape.length, dim, last, lastInverse, branch, gradients.norm);
  }
  stream.fill(0, at, at + rows * dim);
  kernels.rmsNormBackward(rows, dim, last, at, norm, lastInverse, first, branch, at, stream, at);
  crew.wait();
}

/** normed ← the final norm of the span's rows of `last`. */
export function normLast(run: ForwardRun): void {
  const { config, kernels, activations } = run;
  const { dim, normEps } = config;
  const { last, lastInverse, normed } = activations.shared;
  const { first, rows } = run.span;
  const at = first * dim;
  kernels.rmsNorm(rows, dim, normEps, last, at, run.weights.outer.norm, normed, at, lastInverse, first);
}
