import { convert } from "./convert";
import { dot } from "./vector";

/** The contract of `Engine.squaredNorms`: of rows as `dot` sums, of columns from the first row to the last. */
export function squaredNorms(trans: bool, m: usize, n: usize, a: usize, lda: usize, out: usize): void {
  const stride = 4 * lda;
  if (!trans) {
    for (let i: usize = 0; i < m; i++, a += stride) store<f64>(out + 8 * i, dot<f32>(n, a, a));
    return;
  }
  const end = a + 4 * n;
  for (; a + 32 <= end; a += 32, out += 64) {
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let i: usize = 0, from = a; i < m; i++, from += stride) {
      s0 = addSquare(s0, v128.load64_zero(from));
      s1 = addSquare(s1, v128.load64_zero(from, 8));
      s2 = addSquare(s2, v128.load64_zero(from, 16));
      s3 = addSquare(s3, v128.load64_zero(from, 24));
    }
    v128.store(out, s0);
    v128.store(out, s1, 16);
    v128.store(out, s2, 32);
    v128.store(out, s3, 48);
  }
  for (; a < end; a += 4, out += 8) {
    let sum: f64 = 0;
    for (let i: usize = 0, from = a; i < m; i++, from += stride) sum += <f64>load<f32>(from) * <f64>load<f32>(from);
    store<f64>(out, sum);
  }
}

/** The sums plus the squares of two float32 numbers. */
// @ts-ignore: decorator
@inline
function addSquare(sums: v128, two: v128): v128 {
  const x = f64x2.promote_low_f32x4(two);
  return f64x2.add(sums, f64x2.mul(x, x));
}

/** The contract of `Engine.scaleLines`. */
export function scaleLines(
  trans: bool, m: usize, n: usize, factors: usize, a: usize, lda: usize, out: usize, ldo: usize,
): void {
  for (let i: usize = 0; i < m; i++, a += 4 * lda, out += 4 * ldo) {
    if (trans) multiply(n, factors, a, out);
    else convert<f32, f32>(n, load<f64>(factors + 8 * i), a, out);
  }
}

/** y_i ← f_i x_i, the product in f64. */
function multiply(n: usize, f: usize, x: usize, y: usize): void {
  const end = x + 4 * n;
  for (; x + 16 <= end; x += 16, y += 16, f += 32) {
    const low = f64x2.mul(v128.load(f), f64x2.promote_low_f32x4(v128.load64_zero(x)));
    const high = f64x2.mul(v128.load(f, 16), f64x2.promote_low_f32x4(v128.load64_zero(x, 8)));
    v128.store(y, v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
  }
  for (; x < end; x += 4, y += 4, f += 8) store<f32>(y, <f32>(load<f64>(f) * <f64>load<f32>(x)));
}
