import { attendedWidth, qkvWidth } from "../config.ts";
import { attentionCalls, type ForwardContext } from "./context.ts";
import { fillBias, linear } from "./products.ts";

/** Forward pass of a layer's attention half on the span's rows: middle ← x + attention(norm(x)) Woᵀ. */
export function forwardAttention(context: ForwardContext, layer: number): void {
  const { config, kernels, activations, span } = context;
  const { dim } = config;
  const weights = context.weights.layers[layer]!;
  const { x, qkv, attended, middle, stats, inputInverse } = activations.layers[layer]!;
  const { normed } = activations.shared;
  const { first, rows } = span;
  const at = first * dim;
  const width = qkvWidth(config);
  const attendedRow = attendedWidth(config);
  kernels.rmsNorm(rows, dim, config.normEps, x, at, weights.inputNorm, normed, at, inputInverse, first);
  if (config.qkvBias) fillBias(rows, weights.qkvBias, qkv, first * width);
  linear(context, rows, dim, width, normed, at, weights.qkv, config.qkvBias ? 1 : 0, qkv, first * width);
  for (const call of attentionCalls(context)) {
    kernels.attention(
      call.shape,
      span.start,
      activations.rotation,
      weights.headNorms,
      qkv,
      call.first * width,
      attended,
      call.first * attendedRow,
      stats,
      2 * call.first * config.heads,
      context.scratch,
    );
  }
  middle.set(x.subarray(at, at + rows * dim), at);
  linear(context, rows, attendedRow, dim, attended, first * attendedRow, weights.output, 1, middle, at);
}

/** Forward pass of the feed-forward half up to its activation, on the span's rows: gateUp ← norm(middle) [Wgate; Wup]ᵀ. */
export function forwardGateUp(context: ForwardContext, layer: number): void {
  const { config, kernels, activations } = context;
  const { dim, hidden } = config;
  const weights = context.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = activations.layers[layer]!;
  const { normed } = activations.shared;
  const { first, rows } = context.span;
  const at = first * dim;
  kernels.rmsNorm(rows, dim, config.normEps, middle, at, weights.postNorm, normed, at, postInverse, first);
  linear(context, rows, dim, 2 * hidden, normed, at, weights.gateUp, 0, gateUp, 2 * first * hidden);
}

/** Forward pass of the rest of the feed-forward half, on the span's rows: out ← middle + swiglu(gateUp) Wdownᵀ; `out` is the next layer's `x`. */
export function forwardDown(context: ForwardContext, layer: number): void {
  const { config, kernels, activations } = context;
  const { dim, hidden } = config;
  const { middle, gateUp } = activations.layers[layer]!;
  const { activated, last } = activations.shared;
  const out = activations.layers[layer + 1]?.x ?? last;
  const { first, rows } = context.span;
  const at = first * dim;
  kernels.swiglu(rows, hidden, gateUp, 2 * first * hidden, activated, first * hidden);
  out.set(middle.subarray(at, at + rows * dim), at);
  linear(context, rows, hidden, dim, activated, first * hidden, context.weights.layers[layer]!.down, 1, out, at);
}
