import { type Command, slice } from "../gpu.ts";
import { crossEntropy } from "../kernels/cross-entropy.ts";
import { matmul } from "../kernels/matmul.ts";
import { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "../kernels/rms-norm.ts";
import { type GpuContext, logitRows } from "./context.ts";

/**
 * Final norm, head and loss: fills `losses`. With `gradients` also `branch`, with the gradient of the normed rows, and the gradient of the
 * head. Works on chunks of rows, so that few logits are in memory at once.
 */
export function headLoss(context: GpuContext, gradients: boolean): readonly Command[] {
  const { gpu, config, rows } = context;
  const { dim, vocabSize, normEps } = config;
  const { head, norm } = context.weights.outer;
  const { last, lastInverse, normed, branch, logits, losses, scale } = context.shared;
  const commands: Command[] = [rmsNorm(gpu, rows, dim, normEps, last, norm, normed, lastInverse)];
  const step = logitRows(config, rows);
  for (let start = 0; start < rows; start += step) {
    const chunk = Math.min(step, rows - start);
    const x = slice(normed, start * dim, chunk * dim);
    const targets = slice(context.targets, start, chunk);
    commands.push(
      matmul(gpu, chunk, vocabSize, dim, x, head, logits, { transposeB: true }),
      crossEntropy(gpu, chunk, vocabSize, scale, logits, targets, slice(losses, start, chunk)),
    );
    if (!gradients) continue;
    const dHead = context.gradients.outer.head;
    commands.push(
      matmul(gpu, chunk, dim, vocabSize, logits, head, slice(branch, start * dim, chunk * dim)),
      matmul(gpu, vocabSize, dim, chunk, logits, x, dHead, { transposeA: true, beta: start === 0 ? 0 : 1 }),
    );
  }
  return commands;
}

/** Backward pass of the final norm: `stream` ← gradient of the last layer's output; fills the gradient of the norm's weights. */
export function backwardLastNorm(context: GpuContext): readonly Command[] {
  const { gpu, config, rows } = context;
  const { last, lastInverse, branch, stream } = context.shared;
  return [
    rmsNormWeightGradient(gpu, rows, config.dim, last, lastInverse, branch, context.gradients.outer.norm),
    gpu.clear(stream),
    rmsNormBackward(gpu, rows, config.dim, last, context.weights.outer.norm, lastInverse, branch, stream),
  ];
}
