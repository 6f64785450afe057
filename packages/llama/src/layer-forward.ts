import { qkvWidth } from "./config.ts";
import { linear } from "./products.ts";
import type { ForwardRun } from "./run.ts";

/** The attention half on the span's rows: middle ← x + attention(norm(x)) Woᵀ. */
export function forwardAttention(run: ForwardRun, layer: number): void {
  const { config, engine, kernels, activations, span } = run;
  const { dim } = config;
  const weights = run.weights.layers[layer]!;
  const { x, qkv, attended, middle, stats, inputInverse } = activations.layers[layer]!;
  const { normed } = activations.shared;
  const { first, rows, base } = span;
  const at = first * dim;
  const width = qkvWidth(config);
  kernels.rmsNorm(rows, dim, config.normEps, x, at, weights.inputNorm, normed, at, inputInverse, first);
  linear(engine, rows, dim, width, normed, at, weights.qkv, 0, qkv, first * width);
  kernels.attention(
    span.attention,
    span.start,
    run.weights.rotation,
    qkv,
    base * width,
    attended,
    base * dim,
    stats,
    2 * base * config.heads,
    run.scratch,
  );
  middle.set(x.subarray(at, at + rows * dim), at);
  linear(engine, rows, dim, dim, attended, at, weights.output, 1, middle, at);
}

/** The feed-forward half up to its activation, on the span's rows: gateUp ← norm(middle) [Wgate; Wup]ᵀ. */
export function forwardGateUp(run: ForwardRun, layer: number): void {
  const { config, engine, kernels, activations } = run;
  const { dim, hidden } = config;
  const weights = run.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = activations.layers[layer]!;
  const { normed } = activations.shared;
  const { first, rows } = run.span;
  const at = first * dim;
  kernels.rmsNorm(rows, dim, config.normEps, middle, at, weights.postNorm, normed, at, postInverse, first);
  linear(engine, rows, dim, 2 * hidden, normed, at, weights.gateUp, 0, gateUp, 2 * first * hidden);
}

/** The rest of the layer, on the span's rows: out ← middle + swiglu(gateUp) Wdownᵀ, out the next layer's input. */
export function forwardDown(run: ForwardRun, layer: number): void {
  const { config, engine, kernels, activations } = run;
  const { dim, hidden } = config;
  const { middle, gateUp } = activations.layers[layer]!;
  const { activated, last } = activations.shared;
  const out = activations.layers[layer + 1]?.x ?? last;
  const { first, rows } = run.span;
  const at = first * dim;
  kernels.swiglu(rows, hidden, gateUp, 2 * first * hidden, activated, first * hidden);
  out.set(middle.subarray(at, at + rows * dim), at);
  linear(engine, rows, hidden, dim, activated, first * hidden, run.weights.layers[layer]!.down, 1, out, at);
}
