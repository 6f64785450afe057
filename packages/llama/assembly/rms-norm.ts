import { sumLanes } from "./lanes";

/** inverse[r] <- 1 / sqrt(mean(x[r]^2) + eps); out[r] <- x[r] inverse[r] weight */
export function rmsNorm(rows: i32, dim: i32, eps: f32, x: usize, weight: usize, out: usize, inverse: usize): void {
  const bytes = <usize>dim << 2;
  for (let r = 0; r < rows; r++) {
    store<f32>(inverse, normRow(dim, eps, x, weight, out));
    x += bytes;
    out += bytes;
    inverse += 4;
  }
}

/** out (dim floats) <- x / rms(x) weight. Returns 1 / rms(x). */
// @ts-ignore: decorator
@inline
export function normRow(dim: i32, eps: f32, x: usize, weight: usize, out: usize): f32 {
  const bytes = <usize>dim << 2;
  const vectors = bytes & ~15;
  const scale: f32 = 1 / sqrt<f32>(dot(bytes, x, x) / <f32>dim + eps);
  const scales = f32x4.splat(scale);
  let i: usize = 0;
  for (; i < vectors; i += 16) {
    v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(x + i), scales), v128.load(weight + i)));
  }
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) * scale * load<f32>(weight + i));
  return scale;
}

/** Backward pass of `normRow`: x <- its gradient, from that of the output; dWeight += the weight's. */
export function normRowBackward(dim: i32, eps: f32, x: usize, weight: usize, dOut: usize, dWeight: usize): void {
  const bytes = <usize>dim << 2;
  const vectors = bytes & ~15;
  const scale: f32 = 1 / sqrt<f32>(dot(bytes, x, x) / <f32>dim + eps);
  const pull = (dot3(bytes, weight, dOut, x) / <f32>dim) * scale * scale;
  const scales = f32x4.splat(scale);
  const pulls = f32x4.splat(pull);
  let i: usize = 0;
  for (; i < vectors; i += 16) {
    const from = v128.load(x + i);
    const d = v128.load(dOut + i);
    v128.store(dWeight + i, f32x4.add(v128.load(dWeight + i), f32x4.mul(f32x4.mul(from, scales), d)));
    const change = f32x4.sub(f32x4.mul(v128.load(weight + i), d), f32x4.mul(from, pulls));
    v128.store(x + i, f32x4.mul(change, scales));
  }
  for (; i < bytes; i += 4) {
    const from = load<f32>(x + i);
    const d = load<f32>(dOut + i);
    store<f32>(dWeight + i, load<f32>(dWeight + i) + from * scale * d);
    store<f32>(x + i, (load<f32>(weight + i) * d - from * pull) * scale);
  }
}

/** dX[r] += inverse[r] (weight dOut[r] - x[r] inverse[r]^2 mean(weight dOut[r] x[r])) */
export function rmsNormBackward(
  rows: i32,
  dim: i32,
  x: usize,
  weight: usize,
  inverse: usize,
  dOut: usize,
  dX: usize,
): void {
  const bytes = <usize>dim << 2;
  const vectors = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    const scale = load<f32>(inverse);
    const pull = (dot3(bytes, weight, dOut, x) / <f32>dim) * scale * scale * scale;
    const scales = f32x4.splat(scale);
    const pulls = f32x4.splat(pull);
    let i: usize = 0;
    for (; i < vectors; i += 16) {
      const direct = f32x4.mul(f32x4.mul(v128.load(weight + i), v128.load(dOut + i)), scales);
      const change = f32x4.sub(direct, f32x4.mul(v128.load(x + i), pulls));
      v128.store(dX + i, f32x4.add(v128.load(dX + i), change));
    }
    for (; i < bytes; i += 4) {
      const change = load<f32>(weight + i) * load<f32>(dOut + i) * scale - load<f32>(x + i) * pull;
      store<f32>(dX + i, load<f32>(dX + i) + change);
    }
    x += bytes;
    dOut += bytes;
    dX += bytes;
    inverse += 4;
  }
}

/** dWeight <- sum over r of dOut[r] x[r] inverse[r] */
export function rmsNormWeightGradient(
  rows: i32,
  dim: i32,
  x: usize,
  inverse: usize,
  dOut: usize,
  dWeight: usize,
): void {
  const bytes = <usize>dim << 2;
  const vectors = bytes & ~15;
  memory.fill(dWeight, 0, bytes);
  for (let r = 0; r < rows; r++) {
    const scale = load<f32>(inverse);
    const scales = f32x4.splat(scale);
    let i: usize = 0;
    for (; i < vectors; i += 16) {
      const part = f32x4.mul(f32x4.mul(v128.load(x + i), scales), v128.load(dOut + i));
      v128.store(dWeight + i, f32x4.add(v128.load(dWeight + i), part));
    }
    for (; i < bytes; i += 4) {
      store<f32>(dWeight + i, load<f32>(dWeight + i) + load<f32>(x + i) * scale * load<f32>(dOut + i));
    }
    x += bytes;
    dOut += bytes;
    inverse += 4;
  }
}

// @ts-ignore: decorator
@inline
function dot(bytes: usize, x: usize, y: usize): f32 {
  const vectors = bytes & ~15;
  let sums = f32x4.splat(0);
  let i: usize = 0;
  for (; i < vectors; i += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(x + i), v128.load(y + i)));
  let sum = sumLanes(sums);
  for (; i < bytes; i += 4) sum += load<f32>(x + i) * load<f32>(y + i);
  return sum;
}

// @ts-ignore: decorator
@inline
function dot3(bytes: usize, x: usize, y: usize, z: usize): f32 {
  const vectors = bytes & ~15;
  let sums = f32x4.splat(0);
  let i: usize = 0;
  for (; i < vectors; i += 16) {
    sums = f32x4.add(sums, f32x4.mul(f32x4.mul(v128.load(x + i), v128.load(y + i)), v128.load(z + i)));
  }
  let sum = sumLanes(sums);
  for (; i < bytes; i += 4) sum += load<f32>(x + i) * load<f32>(y + i) * load<f32>(z + i);
  return sum;
}
