/** The contract of `Engine.adamw`. Arithmetic is f64, two weights at a time; moments are rounded before they are used. */
export function adamw(
  n: usize, w: usize, g: usize, m: usize, v: usize,
  lr: f64, beta1: f64, beta2: f64, eps: f64, decay: f64, c1: f64, c2: f64,
): void {
  const kept = 1 - lr * decay;
  const end = w + n * 4;
  for (; w + 8 <= end; w += 8, g += 8, m += 8, v += 8) {
    const gradient = wide(g);
    const first = f32x4.demote_f64x2_zero(weighted(beta1, wide(m), f64x2.mul(f64x2.splat(1 - beta1), gradient)));
    const square = f64x2.mul(f64x2.mul(f64x2.splat(1 - beta2), gradient), gradient);
    const second = f32x4.demote_f64x2_zero(weighted(beta2, wide(v), square));
    v128.store64_lane(m, first, 0);
    v128.store64_lane(v, second, 0);
    const root = f64x2.sqrt(f64x2.div(f64x2.promote_low_f32x4(second), f64x2.splat(c2)));
    const mean = f64x2.div(f64x2.promote_low_f32x4(first), f64x2.splat(c1));
    const change = f64x2.div(f64x2.mul(f64x2.splat(lr), mean), f64x2.add(root, f64x2.splat(eps)));
    const next = f64x2.sub(f64x2.mul(wide(w), f64x2.splat(kept)), change);
    v128.store64_lane(w, f32x4.demote_f64x2_zero(next), 0);
  }
  if (w < end) {
    const gradient = <f64>load<f32>(g);
    const first = <f32>(beta1 * <f64>load<f32>(m) + (1 - beta1) * gradient);
    const second = <f32>(beta2 * <f64>load<f32>(v) + (1 - beta2) * gradient * gradient);
    store<f32>(m, first);
    store<f32>(v, second);
    store<f32>(w, <f32>(<f64>load<f32>(w) * kept - (lr * (<f64>first / c1)) / (sqrt<f64>(<f64>second / c2) + eps)));
  }
}

// @ts-ignore: decorator
@inline
function wide(from: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(from));
}

// @ts-ignore: decorator
@inline
function weighted(factor: f64, x: v128, y: v128): v128 {
  return f64x2.add(f64x2.mul(f64x2.splat(factor), x), y);
}
