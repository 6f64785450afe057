import { exp4 } from "./exp";
import { maxLanes, sumLanes } from "./lanes";

/** p (n floats) <- exp(p - max) for the first `count`, 0 for the rest; stat <- max, 1 / sum. */
export function softmaxRow(n: i32, count: i32, p: usize, stat: usize): void {
  const bytes = <usize>n << 2;
  mask(n, count, p);
  let tops = v128.load(p);
  for (let i: usize = 16; i < bytes; i += 16) tops = f32x4.pmax(tops, v128.load(p + i));
  const top = maxLanes(tops);
  tops = f32x4.splat(top);
  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const e = exp4(f32x4.sub(v128.load(p + i), tops));
    sums = f32x4.add(sums, e);
    v128.store(p + i, e);
  }
  store<f32>(stat, top);
  store<f32>(stat, 1 / sumLanes(sums), 4);
}

/** Backward pass of a row: p (scores) <- probabilities, from the row's stat; d (gradient of p) <- p (d - pull), gradient of the scores. */
export function softmaxGradientRow(n: i32, count: i32, stat: usize, pull: f32, p: usize, d: usize): void {
  const bytes = <usize>n << 2;
  mask(n, count, p);
  const tops = v128.load_splat<f32>(stat);
  const inverses = v128.load_splat<f32>(stat + 4);
  const pulls = f32x4.splat(pull);
  for (let i: usize = 0; i < bytes; i += 16) {
    const probability = f32x4.mul(exp4(f32x4.sub(v128.load(p + i), tops)), inverses);
    v128.store(p + i, probability);
    v128.store(d + i, f32x4.mul(probability, f32x4.sub(v128.load(d + i), pulls)));
  }
}

// @ts-ignore: decorator
@inline
function mask(n: i32, count: i32, p: usize): void {
  for (let j = count; j < n; j++) store<f32>(p + (<usize>j << 2), -Infinity);
}
