import { attendedWidth, qkvWidth } from "../config.ts";
import type { Blocks } from "../memory/blocks.ts";
import type { LayerBlock } from "../weights/parameters.ts";
import { attentionCalls, type PassContext } from "./context.ts";
import { shareOf } from "./crew.ts";
import { linearBackward, linearWeightGradient } from "./products.ts";

/** Unit, in rows, in which threads share weight gradients: one tile of a product, small enough to balance the load. */
const ROWS = 8;

/**
 * Backward pass of a layer's feed-forward half.
 *
 * @param context - `stream`: on entry the gradient of the layer's output, on exit that of `middle`.
 * @param gradients - the weight gradients of this half are overwritten.
 * @param handOutComplete - called when no thread reads the weights any more whose gradients were complete on entry.
 */
export function backwardFeedForward(
  context: PassContext,
  layer: number,
  gradients: Blocks<LayerBlock>,
  handOutComplete: () => void,
): void {
  const { config, engine, kernels, activations, crew } = context;
  const { dim, hidden, normEps } = config;
  const weights = context.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = activations.layers[layer]!;
  const { stream, branch, normed, activated } = activations.shared;
  const { first, rows } = context.span;
  const at = first * dim;
  linearBackward(context, rows, hidden, dim, stream, at, weights.down, activated, first * hidden);
  kernels.swigluBackward(rows, hidden, gateUp, 2 * first * hidden, activated, first * hidden);
  linearBackward(context, rows, dim, 2 * hidden, gateUp, 2 * first * hidden, weights.gateUp, branch, at);
  kernels.rmsNorm(rows, dim, normEps, middle, at, weights.postNorm, normed, at, postInverse, first);
  crew.wait();
  handOutComplete();
  const all = context.shape.batch * context.shape.length;
  const share = (outputs: number) => shareOf(crew, outputs, ROWS, crew.firstShare("feedForward"));
  linearWeightGradient(engine, all, hidden, dim, share(dim), stream, activated, 0, 0, gradients.down);
  linearWeightGradient(engine, all, dim, 2 * hidden, share(2 * hidden), gateUp, normed, 0, 0, gradients.gateUp);
  if (crew.index === 0) kernels.rmsNormWeightGradient(all, dim, middle, postInverse, branch, gradients.postNorm);
  crew.finish("feedForward");
  kernels.rmsNormBackward(rows, dim, middle, at, weights.postNorm, postInverse, first, branch, at, stream, at);
}

/**
 * Backward pass of a layer's attention half; parameters as in {@link backwardFeedForward}.
 *
 * @param context - `stream`: on entry the gradient of `middle`, on exit that of the layer's input.
 */
export function backwardAttention(
  context: PassContext,
  layer: number,
  gradients: Blocks<LayerBlock>,
  handOutComplete: () => void,
): void {
  const { config, engine, kernels, activations, crew } = context;
  const { dim, normEps } = config;
  const weights = context.weights.layers[layer]!;
  const { x, qkv, attended, stats, inputInverse } = activations.layers[layer]!;
  const { stream, branch, normed, headNormSums } = activations.shared;
  const dAttended = activations.shared.activated;
  const { first, rows } = context.span;
  const { batch, length } = context.shape;
  const at = first * dim;
  const width = qkvWidth(config);
  const attendedRow = attendedWidth(config);
  linearBackward(context, rows, attendedRow, dim, stream, at, weights.output, dAttended, first * attendedRow);
  for (const call of attentionCalls(context)) {
    const sumsAt = Math.floor(call.first / length) * weights.headNorms.length;
    const sums = headNormSums.subarray(sumsAt, sumsAt + weights.headNorms.length);
    // The call overwrites the sums of its sequence, to which another document may have added.
    const before = call.first % length === 0 ? undefined : sums.slice();
    kernels.attentionBackward(
      call.shape,
      activations.rotation,
      weights.headNorms,
      qkv,
      call.first * width,
      attended,
      dAttended,
      call.first * attendedRow,
      stats,
      2 * call.first * config.heads,
      headNormSums,
      sumsAt,
      context.scratch,
    );
    before?.forEach((sum, i) => {
      sums[i]! += sum;
    });
  }
  linearBackward(context, rows, dim, width, qkv, first * width, weights.qkv, branch, at);
  kernels.rmsNorm(rows, dim, normEps, x, at, weights.inputNorm, normed, at, inputInverse, first);
  crew.wait();
  handOutComplete();
  const all = batch * length;
  const share = (outputs: number) => shareOf(crew, outputs, ROWS, crew.firstShare("attention"));
  linearWeightGradient(engine, all, attendedRow, dim, share(dim), stream, attended, 0, 0, gradients.output);
  linearWeightGradient(engine, all, dim, width, share(width), qkv, normed, 0, 0, gradients.qkv);
  if (crew.index === 0) {
    kernels.rmsNormWeightGradient(all, dim, x, inputInverse, branch, gradients.inputNorm);
    if (config.qkvBias) kernels.sumRows(all, width, qkv, gradients.qkvBias);
    if (config.qkNorm) kernels.sumRows(batch, 2 * config.headDim, headNormSums, gradients.headNorms);
  }
  crew.finish("attention");
  kernels.rmsNormBackward(rows, dim, x, at, weights.inputNorm, inputInverse, first, branch, at, stream, at);
}
