import { exp1, exp4 } from "./exp";
import { maxLanes, sumLanes } from "./lanes";

/**
 * losses[r] (float64) <- -ln softmax(logits[r])[targets[r]]; logits[r] <- scale (softmax(logits[r]) - one-hot(targets[r])); both 0 where
 * targets[r] < 0
 */
export function crossEntropy(rows: i32, vocab: i32, logits: usize, targets: usize, losses: usize, scale: f32): void {
  const bytes = <usize>vocab << 2;
  const vectors = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    const index = load<i32>(targets);
    if (index < 0) {
      memory.fill(logits, 0, bytes);
      store<f64>(losses, 0);
      logits += bytes;
      targets += 4;
      losses += 8;
      continue;
    }
    const target = logits + (<usize>index << 2);
    const top = largest(bytes, logits);
    const margin = <f64>top - <f64>load<f32>(target);
    const tops = f32x4.splat(top);
    let sums = f32x4.splat(0);
    let i: usize = 0;
    for (; i < vectors; i += 16) {
      const e = exp4(f32x4.sub(v128.load(logits + i), tops));
      sums = f32x4.add(sums, e);
      v128.store(logits + i, e);
    }
    let sum = sumLanes(sums);
    for (; i < bytes; i += 4) {
      const e = exp1(load<f32>(logits + i) - top);
      sum += e;
      store<f32>(logits + i, e);
    }
    store<f64>(losses, margin + ln(<f64>sum));
    const factor = scale / sum;
    const factors = f32x4.splat(factor);
    for (i = 0; i < vectors; i += 16) v128.store(logits + i, f32x4.mul(v128.load(logits + i), factors));
    for (; i < bytes; i += 4) store<f32>(logits + i, load<f32>(logits + i) * factor);
    store<f32>(target, load<f32>(target) - scale);
    logits += bytes;
    targets += 4;
    losses += 8;
  }
}

// @ts-ignore: decorator
@inline
function largest(bytes: usize, x: usize): f32 {
  const vectors = bytes & ~15;
  let tops = f32x4.splat(-Infinity);
  let i: usize = 0;
  for (; i < vectors; i += 16) tops = f32x4.pmax(tops, v128.load(x + i));
  let top = maxLanes(tops);
  for (; i < bytes; i += 4) top = max(top, load<f32>(x + i));
  return top;
}

/** ln x for normal x > 0, to 2^-50: k ln 2 + 2 artanh((f - 1) / (f + 1)) with f in [1/2, 1) or [1, 2), whichever is nearer to 1. */
function ln(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<u64>(x);
  let k = <i32>(bits >> 52) - 1023;
  let f = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  if (f > 1.4142135623730951) {
    f *= 0.5;
    k++;
  }
  const t = (f - 1) / (f + 1);
  let series: f64 = 0;
  for (let power: f64 = 19; power >= 1; power -= 2) series = series * t * t + 1 / power;
  return <f64>k * 0.6931471805599453 + 2 * t * series;
}
