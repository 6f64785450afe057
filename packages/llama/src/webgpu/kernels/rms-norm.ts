import type { Command, Gpu, GpuArray } from "../gpu.ts";
import type { Kernel } from "../kernel.ts";
import { ROW_REDUCTIONS, ROW_THREADS } from "./row-reductions.ts";

const HEAD = `${ROW_REDUCTIONS}
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let at = row * given.dim;`;

const FORWARD: Kernel<"dim" | "eps", "x" | "weight" | "out" | "inverse"> = {
  name: "rmsNorm",
  numbers: { dim: "u32", eps: "f32" },
  arrays: { x: "read f32", weight: "read f32", out: "write f32", inverse: "write f32" },
  body: `${HEAD}
  var squares = 0.0;
  for (var c = thread; c < given.dim; c += ${ROW_THREADS}u) { squares += x[at + c] * x[at + c]; }
  let scale = 1.0 / sqrt(total(thread, squares) / f32(given.dim) + given.eps);
  if (thread == 0u) { inverse[row] = scale; }
  for (var c = thread; c < given.dim; c += ${ROW_THREADS}u) { out[at + c] = x[at + c] * scale * weight[c]; }
}`,
};

/**
 * inverse[r] ← 1 / √(mean(x[r]²) + eps); out[r] ← x[r] · inverse[r] · weight, for `rows` rows of `dim` (Zhang and Sennrich 2019).
 *
 * Accuracy: float32 sums in 64 lanes. Cost: 5 flops an element.
 */
export function rmsNorm(
  gpu: Gpu,
  rows: number,
  dim: number,
  eps: number,
  x: GpuArray,
  weight: GpuArray,
  out: GpuArray,
  inverse: GpuArray,
): Command {
  return gpu.command(FORWARD, { dim, eps }, { x, weight, out, inverse }, [rows, 1]);
}

const BACKWARD: Kernel<"dim", "x" | "weight" | "inverse" | "dOut" | "dX"> = {
  name: "rmsNormBackward",
  numbers: { dim: "u32" },
  arrays: { x: "read f32", weight: "read f32", inverse: "read f32", dOut: "read f32", dX: "write f32" },
  body: `${HEAD}
  let scale = inverse[row];
  var sum = 0.0;
  for (var c = thread; c < given.dim; c += ${ROW_THREADS}u) { sum += weight[c] * dOut[at + c] * x[at + c]; }
  let pull = total(thread, sum) / f32(given.dim) * scale * scale;
  for (var c = thread; c < given.dim; c += ${ROW_THREADS}u) {
    dX[at + c] += scale * (weight[c] * dOut[at + c] - x[at + c] * pull);
  }
}`,
};

/** dX[r] += inverse[r] (weight · dOut[r] − x[r] inverse[r]² mean(weight · dOut[r] · x[r])), with the `inverse` of {@link rmsNorm}. */
export function rmsNormBackward(
  gpu: Gpu,
  rows: number,
  dim: number,
  x: GpuArray,
  weight: GpuArray,
  inverse: GpuArray,
  dOut: GpuArray,
  dX: GpuArray,
): Command {
  return gpu.command(BACKWARD, { dim }, { x, weight, inverse, dOut, dX }, [rows, 1]);
}

const WEIGHT_GRADIENT: Kernel<"rows" | "dim", "x" | "inverse" | "dOut" | "dWeight"> = {
  name: "rmsNormWeightGradient",
  numbers: { rows: "u32", dim: "u32" },
  arrays: { x: "read f32", inverse: "read f32", dOut: "read f32", dWeight: "write f32" },
  body: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= given.dim) { return; }
  var sum = 0.0;
  for (var r = 0u; r < given.rows; r++) { sum += dOut[r * given.dim + c] * x[r * given.dim + c] * inverse[r]; }
  dWeight[c] = sum;
}`,
};

/** dWeight ← Σ_r dOut[r] · x[r] · inverse[r], summed in the order of r. */
export function rmsNormWeightGradient(
  gpu: Gpu,
  rows: number,
  dim: number,
  x: GpuArray,
  inverse: GpuArray,
  dOut: GpuArray,
  dWeight: GpuArray,
): Command {
  return gpu.command(WEIGHT_GRADIENT, { rows, dim }, { x, inverse, dOut, dWeight }, [Math.ceil(dim / 64), 1]);
}
