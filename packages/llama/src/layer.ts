import type { Engine } from "@sumo/linalg";
import type { Activations, PassShape } from "./activations.ts";
import type { Blocks } from "./blocks.ts";
import { headDim, type LlamaConfig, qkvWidth } from "./config.ts";
import { type Crew, shareOf } from "./crew.ts";
import type { AttentionShape, Kernels } from "./kernels/kernels.ts";
import type { LayerBlock } from "./parameters.ts";
import { linear, linearBackward, linearWeightGradient } from "./products.ts";
import type { Weights } from "./weights.ts";

/** What every step of a pass needs, on one thread. */
export interface Run {
  readonly config: LlamaConfig;
  readonly shape: PassShape;
  readonly engine: Engine;
  readonly kernels: Kernels;
  readonly weights: Weights;
  readonly activations: Activations;
  readonly crew: Crew;
}

/** This thread's rows: whole sequences, so that a layer's forward pass needs no other thread's rows. */
export function ownRows({ shape, crew }: Run): { readonly first: number; readonly rows: number } {
  const { from, to } = shareOf(crew, shape.batch);
  return { first: from * shape.length, rows: (to - from) * shape.length };
}

function attentionShape({ config, shape, crew }: Run): AttentionShape {
  const { from, to } = shareOf(crew, shape.batch);
  const { heads, kvHeads } = config;
  return { batch: to - from, length: shape.length, heads, kvHeads, headDim: headDim(config) };
}

/** The attention half on this thread's rows: middle ← x + attention(norm(x)) Woᵀ. */
export function forwardAttention(run: Run, layer: number): void {
  const { config, engine, kernels, activations, crew } = run;
  const { dim } = config;
  const weights = run.weights.layers[layer]!;
  const { x, qkv, attended, middle, stats, inputInverse } = activations.layers[layer]!;
  const { normed } = activations.shared;
  const { first, rows } = ownRows(run);
  const at = first * dim;
  const width = qkvWidth(config);
  kernels.rmsNorm(rows, dim, config.normEps, x, at, weights.inputNorm, normed, at, inputInverse, first);
  linear(engine, rows, dim, width, normed, at, weights.qkv, 0, qkv, first * width);
  kernels.attention(
    attentionShape(run),
    0,
    run.weights.rotation,
    qkv,
    first * width,
    attended,
    at,
    stats,
    2 * first * config.heads,
    activations.scratch[crew.index]!,
  );
  middle.set(x.subarray(at, at + rows * dim), at);
  linear(engine, rows, dim, dim, attended, at, weights.output, 1, middle, at);
}

/** The feed-forward half up to its activation, on this thread's rows: gateUp ← norm(middle) [Wgate; Wup]ᵀ. */
export function forwardGateUp(run: Run, layer: number): void {
  const { config, engine, kernels, activations } = run;
  const { dim, hidden } = config;
  const weights = run.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = activations.layers[layer]!;
  const { normed } = activations.shared;
  const { first, rows } = ownRows(run);
  const at = first * dim;
  kernels.rmsNorm(rows, dim, config.normEps, middle, at, weights.postNorm, normed, at, postInverse, first);
  linear(engine, rows, dim, 2 * hidden, normed, at, weights.gateUp, 0, gateUp, 2 * first * hidden);
}

/** The rest of the layer, on this thread's rows: out ← middle + swiglu(gateUp) Wdownᵀ, out the next layer's input. */
export function forwardDown(run: Run, layer: number): void {
  const { config, engine, kernels, activations } = run;
  const { dim, hidden } = config;
  const { middle, gateUp } = activations.layers[layer]!;
  const { activated, last } = activations.shared;
  const out = activations.layers[layer + 1]?.x ?? last;
  const { first, rows } = ownRows(run);
  const at = first * dim;
  kernels.swiglu(rows, hidden, gateUp, 2 * first * hidden, activated, first * hidden);
  out.set(middle.subarray(at, at + rows * dim), at);
  linear(engine, rows, hidden, dim, activated, first * hidden, run.weights.layers[layer]!.down, 1, out, at);
}

/** The gradient of the feed-forward half: `stream`, the gradient of the layer's output, becomes that of `middle`; weights' into `gradients`. */
export function backwardFeedForward(run: Run, layer: number, gradients: Blocks<LayerBlock>): void {
  const { config, engine, kernels, activations, crew } = run;
  const { dim, hidden, normEps } = config;
  const weights = run.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = activations.layers[layer]!;
  const { stream, branch, normed, activated } = activations.shared;
  const { first, rows } = ownRows(run);
  const at = first * dim;
  linearBackward(engine, rows, hidden, dim, stream, at, weights.down, activated, first * hidden);
  kernels.swigluBackward(rows, hidden, gateUp, 2 * first * hidden, activated, first * hidden);
  linearBackward(engine, rows, dim, 2 * hidden, gateUp, 2 * first * hidden, weights.gateUp, branch, at);
  kernels.rmsNorm(rows, dim, normEps, middle, at, weights.postNorm, normed, at, postInverse, first);
  crew.wait();
  const all = run.shape.batch * run.shape.length;
  linearWeightGradient(engine, all, hidden, dim, shareOf(crew, dim, 16), stream, activated, 0, 0, gradients.down);
  const share = shareOf(crew, 2 * hidden, 16);
  linearWeightGradient(engine, all, dim, 2 * hidden, share, gateUp, normed, 0, 0, gradients.gateUp);
  if (crew.index === 0) kernels.rmsNormWeightGradient(all, dim, middle, postInverse, branch, gradients.postNorm);
  crew.wait();
  kernels.rmsNormBackward(rows, dim, middle, at, weights.postNorm, postInverse, first, branch, at, stream, at);
}

/** The gradient of the attention half: `stream`, the gradient of `middle`, becomes that of the layer's input; weights' into `gradients`. */
export function backwardAttention(run: Run, layer: number, gradients: Blocks<LayerBlock>): void {
  const { config, engine, kernels, activations, crew } = run;
  const { dim, normEps } = config;
  const weights = run.weights.layers[layer]!;
  const { x, qkv, attended, stats, inputInverse } = activations.layers[layer]!;
  const { stream, branch, normed } = activations.shared;
  const { first, rows } = ownRows(run);
  const at = first * dim;
  const width = qkvWidth(config);
  linearBackward(engine, rows, dim, dim, stream, at, weights.output, branch, at);
  kernels.attentionBackward(
    attentionShape(run),
    run.weights.rotation,
    qkv,
    first * width,
    attended,
    branch,
    at,
    stats,
    2 * first * config.heads,
    activations.scratch[crew.index]!,
  );
  linearBackward(engine, rows, dim, width, qkv, first * width, weights.qkv, branch, at);
  kernels.rmsNorm(rows, dim, normEps, x, at, weights.inputNorm, normed, at, inputInverse, first);
  crew.wait();
  const all = run.shape.batch * run.shape.length;
  linearWeightGradient(engine, all, dim, dim, shareOf(crew, dim, 16), stream, attended, 0, 0, gradients.output);
  linearWeightGradient(engine, all, dim, width, shareOf(crew, width, 16), qkv, normed, 0, 0, gradients.qkv);
  if (crew.index === 0) kernels.rmsNormWeightGradient(all, dim, x, inputInverse, branch, gradients.inputNorm);
  crew.wait();
  kernels.rmsNormBackward(rows, dim, x, at, weights.inputNorm, inputInverse, first, branch, at, stream, at);
  crew.wait(); // no thread reads the layer's weights any more
}
