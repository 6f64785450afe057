import type { Blocks } from "./blocks.ts";
import { qkvWidth } from "./config.ts";
import { shareOf } from "./crew.ts";
import type { LayerBlock } from "./parameters.ts";
import { linearBackward, linearWeightGradient } from "./products.ts";
import type { Run } from "./run.ts";

/** Rows of a weight's gradient are shared out in multiples of this: whole tiles of products, and fine enough to balance the threads. */
const ROWS = 8;

/**
 * The gradient of the feed-forward half: `stream`, the gradient of the layer's output, becomes that of `middle`; weights' into `gradients`.
 *
 * @param handOutComplete - called when no thread reads the weights any more whose gradients were complete before.
 */
export function backwardFeedForward(
  run: Run,
  layer: number,
  gradients: Blocks<LayerBlock>,
  handOutComplete: () => void,
): void {
  const { config, engine, kernels, activations, crew } = run;
  const { dim, hidden, normEps } = config;
  const weights = run.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = activations.layers[layer]!;
  const { stream, branch, normed, activated } = activations.shared;
  const { first, rows } = run.span;
  const at = first * dim;
  linearBackward(engine, rows, hidden, dim, stream, at, weights.down, activated, first * hidden);
  kernels.swigluBackward(rows, hidden, gateUp, 2 * first * hidden, activated, first * hidden);
  linearBackward(engine, rows, dim, 2 * hidden, gateUp, 2 * first * hidden, weights.gateUp, branch, at);
  kernels.rmsNorm(rows, dim, normEps, middle, at, weights.postNorm, normed, at, postInverse, first);
  crew.wait();
  handOutComplete();
  const all = run.shape.batch * run.shape.length;
  const share = (outputs: number) => shareOf(crew, outputs, ROWS, crew.lead("feedForward"));
  linearWeightGradient(engine, all, hidden, dim, share(dim), stream, activated, 0, 0, gradients.down);
  linearWeightGradient(engine, all, dim, 2 * hidden, share(2 * hidden), gateUp, normed, 0, 0, gradients.gateUp);
  if (crew.index === 0) kernels.rmsNormWeightGradient(all, dim, middle, postInverse, branch, gradients.postNorm);
  crew.finish("feedForward");
  kernels.rmsNormBackward(rows, dim, middle, at, weights.postNorm, postInverse, first, branch, at, stream, at);
}

/** The gradient of the attention half: `stream`, the gradient of `middle`, becomes that of the layer's input; the rest as above. */
export function backwardAttention(
  run: Run,
  layer: number,
  gradients: Blocks<LayerBlock>,
  handOutComplete: () => void,
): void {
  const { config, engine, kernels, activations, crew } = run;
  const { dim, normEps } = config;
  const weights = run.weights.layers[layer]!;
  const { x, qkv, attended, stats, inputInverse } = activations.layers[layer]!;
  const { stream, branch, normed } = activations.shared;
  const { first, rows } = run.span;
  const at = first * dim;
  const width = qkvWidth(config);
  linearBackward(engine, rows, dim, dim, stream, at, weights.output, branch, at);
  kernels.attentionBackward(
    run.span.attention,
    run.weights.rotation,
    qkv,
    first * width,
    attended,
    branch,
    at,
    stats,
    2 * first * config.heads,
    run.scratch,
  );
  linearBackward(engine, rows, dim, width, qkv, first * width, weights.qkv, branch, at);
  kernels.rmsNorm(rows, dim, normEps, x, at, weights.inputNorm, normed, at, inputInverse, first);
  crew.wait();
  handOutComplete();
  const all = run.shape.batch * run.shape.length;
  const share = (outputs: number) => shareOf(crew, outputs, ROWS, crew.lead("attention"));
  linearWeightGradient(engine, all, dim, dim, share(dim), stream, attended, 0, 0, gradients.output);
  linearWeightGradient(engine, all, dim, width, share(width), qkv, normed, 0, 0, gradients.qkv);
  if (crew.index === 0) kernels.rmsNormWeightGradient(all, dim, x, inputInverse, branch, gradients.inputNorm);
  crew.finish("attention");
  kernels.rmsNormBackward(rows, dim, x, at, weights.inputNorm, inputInverse, first, branch, at, stream, at);
}
