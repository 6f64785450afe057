import { sumLanes } from "./lanes";

/** out (n floats) <- scale x */
export function scaleRow(n: i32, scale: f32, x: usize, out: usize): void {
  const bytes = <usize>n << 2;
  const vectors = bytes & ~15;
  const scales = f32x4.splat(scale);
  let i: usize = 0;
  for (; i < vectors; i += 16) v128.store(out + i, f32x4.mul(v128.load(x + i), scales));
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) * scale);
}

/** Dot product of two rows of n floats. */
export function dotRow(n: i32, x: usize, y: usize): f32 {
  const bytes = <usize>n << 2;
  const vectors = bytes & ~15;
  let sums = f32x4.splat(0);
  let i: usize = 0;
  for (; i < vectors; i += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(x + i), v128.load(y + i)));
  let sum = sumLanes(sums);
  for (; i < bytes; i += 4) sum += load<f32>(x + i) * load<f32>(y + i);
  return sum;
}

/** out (width floats) <- sum over r of x[r] */
export function sumRows(rows: i32, width: i32, x: usize, out: usize): void {
  const bytes = <usize>width << 2;
  const vectors = bytes & ~15;
  memory.fill(out, 0, bytes);
  for (let r = 0; r < rows; r++) {
    let i: usize = 0;
    for (; i < vectors; i += 16) v128.store(out + i, f32x4.add(v128.load(out + i), v128.load(x + i)));
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(x + i));
    x += bytes;
  }
}
