import { attendedWidth, qkvWidth } from "../../config.ts";
import { type Command, slice } from "../gpu.ts";
import { attention, attentionBackward } from "../kernels/attention.ts";
import { matmul } from "../kernels/matmul.ts";
import { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "../kernels/rms-norm.ts";
import { rotate } from "../kernels/rotate.ts";
import { fillRows, sumRows } from "../kernels/rows.ts";
import { swiglu, swigluBackward } from "../kernels/swiglu.ts";
import type { GpuContext } from "./context.ts";

/** Weights are [outputs, inputs]: y = x Wᵀ. */
const FORWARD = { transposeB: true };
/** Adds to what the output holds. */
const FORWARD_ADDED = { transposeB: true, beta: 1 };
/** dW = dYᵀ x. */
const WEIGHT_GRADIENT = { transposeA: true };

/** Forward pass of a layer's attention half: middle ← x + attention(norm(x)) Woᵀ. */
export function forwardAttention(context: GpuContext, layer: number): readonly Command[] {
  const { gpu, config, rows, sizes, rotation } = context;
  const { dim, normEps, qkvBias } = config;
  const weights = context.weights.layers[layer]!;
  const { x, qkv, attended, logSums, middle, inputInverse } = context.layers[layer]!;
  const { normed } = context.shared;
  const width = qkvWidth(config);
  return [
    rmsNorm(gpu, rows, dim, normEps, x, weights.inputNorm, normed, inputInverse),
    ...(qkvBias ? [fillRows(gpu, rows, width, weights.qkvBias, qkv)] : []),
    matmul(gpu, rows, width, dim, normed, weights.qkv, qkv, qkvBias ? FORWARD_ADDED : FORWARD),
    rotate(gpu, sizes, 1, rotation.cosines, rotation.sines, qkv),
    attention(gpu, sizes, { qkv, out: attended, logSums }),
    gpu.copy(x, middle),
    matmul(gpu, rows, dim, attendedWidth(config), attended, weights.output, middle, FORWARD_ADDED),
  ];
}

/** Forward pass of the feed-forward half up to its activation: gateUp ← norm(middle) [Wgate; Wup]ᵀ. */
export function forwardGateUp(context: GpuContext, layer: number): readonly Command[] {
  const { gpu, config, rows } = context;
  const { dim, hidden, normEps } = config;
  const weights = context.weights.layers[layer]!;
  const { middle, gateUp, postInverse } = context.layers[layer]!;
  const { normed } = context.shared;
  return [
    rmsNorm(gpu, rows, dim, normEps, middle, weights.postNorm, normed, postInverse),
    matmul(gpu, rows, 2 * hidden, dim, normed, weights.gateUp, gateUp, FORWARD),
  ];
}

/** Forward pass of the rest of the feed-forward half: out ← middle + swiglu(gateUp) Wdownᵀ; `out` is the next layer's `x`. */
export function forwardDown(context: GpuContext, layer: number): readonly Command[] {
  const { gpu, config, rows } = context;
  const { dim, hidden } = config;
  const { middle, gateUp } = context.layers[layer]!;
  const out = context.layers[layer + 1]?.x ?? context.shared.last;
  const activated = slice(context.shared.activated, 0, rows * hidden);
  return [
    swiglu(gpu, rows, hidden, gateUp, activated),
    gpu.copy(middle, out),
    matmul(gpu, rows, dim, hidden, activated, context.weights.layers[layer]!.down, out, FORWARD_ADDED),
  ];
}

/**
 * Backward pass of a layer's feed-forward half; overwrites its weights' gradients.
 *
 * @param context - `stream`: on entry the gradient of the layer's output, on exit that of `middle`.
 */
export function backwardFeedForward(context: GpuContext, layer: number): readonly Command[] {
  const { gpu, config, rows } = context;
  const { dim, hidden, normEps } = config;
  const weights = context.weights.layers[layer]!;
  const gradients = context.gradients.layer;
  const { middle, gateUp, postInverse } = context.layers[layer]!;
  const { stream, branch, normed } = context.shared;
  const activated = slice(context.shared.activated, 0, rows * hidden);
  return [
    matmul(gpu, rows, hidden, dim, stream, weights.down, activated),
    swigluBackward(gpu, rows, hidden, gateUp, activated),
    matmul(gpu, rows, dim, 2 * hidden, gateUp, weights.gateUp, branch),
    rmsNorm(gpu, rows, dim, normEps, middle, weights.postNorm, normed, postInverse),
    matmul(gpu, dim, hidden, rows, stream, activated, gradients.down, WEIGHT_GRADIENT),
    matmul(gpu, 2 * hidden, dim, rows, gateUp, normed, gradients.gateUp, WEIGHT_GRADIENT),
    rmsNormWeightGradient(gpu, rows, dim, middle, postInverse, branch, gradients.postNorm),
    rmsNormBackward(gpu, rows, dim, middle, weights.postNorm, postInverse, branch, stream),
  ];
}

/**
 * Backward pass of a layer's attention half; overwrites its weights' gradients.
 *
 * @param context - `stream`: on entry the gradient of `middle`, on exit that of the layer's input.
 */
export function backwardAttention(context: GpuContext, layer: number): readonly Command[] {
  const { gpu, config, rows, sizes, rotation, dAttended } = context;
  const { dim, normEps, qkvBias } = config;
  const weights = context.weights.layers[layer]!;
  const gradients = context.gradients.layer;
  const { x, qkv, attended, logSums, inputInverse } = context.layers[layer]!;
  const { stream, branch, normed, dQkv, pulls } = context.shared;
  const width = qkvWidth(config);
  const attendedRow = attendedWidth(config);
  return [
    matmul(gpu, rows, attendedRow, dim, stream, weights.output, dAttended),
    ...attentionBackward(gpu, sizes, { qkv, out: attended, logSums, dOut: dAttended, pulls, dQkv }),
    rotate(gpu, sizes, -1, rotation.cosines, rotation.sines, dQkv),
    matmul(gpu, rows, dim, width, dQkv, weights.qkv, branch),
    rmsNorm(gpu, rows, dim, normEps, x, weights.inputNorm, normed, inputInverse),
    matmul(gpu, dim, attendedRow, rows, stream, attended, gradients.output, WEIGHT_GRADIENT),
    matmul(gpu, width, dim, rows, dQkv, normed, gradients.qkv, WEIGHT_GRADIENT),
    ...(qkvBias ? [sumRows(gpu, rows, width, dQkv, gradients.qkvBias)] : []),
    rmsNormWeightGradient(gpu, rows, dim, x, inputInverse, branch, gradients.inputNorm),
    rmsNormBackward(gpu, rows, dim, x, weights.inputNorm, inputInverse, branch, stream),
  ];
}
