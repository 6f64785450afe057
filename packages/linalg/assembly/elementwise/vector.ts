/** The contract of `Engine.axpby`. */
export function axpby<T>(n: usize, alpha: T, x: usize, beta: T, y: usize): void {
  const end = y + n * sizeof<T>();
  if (beta == <T>0) {
    for (; y + 16 <= end; x += 16, y += 16) v128.store(y, v128.mul<T>(v128.splat<T>(alpha), v128.load(x)));
    for (; y < end; x += sizeof<T>(), y += sizeof<T>()) store<T>(y, alpha * load<T>(x));
    return;
  }
  for (; y + 16 <= end; x += 16, y += 16) {
    const scaled = v128.mul<T>(v128.splat<T>(alpha), v128.load(x));
    v128.store(y, v128.add<T>(scaled, v128.mul<T>(v128.splat<T>(beta), v128.load(y))));
  }
  for (; y < end; x += sizeof<T>(), y += sizeof<T>()) store<T>(y, alpha * load<T>(x) + beta * load<T>(y));
}

/** The contract of `Engine.dot`, in eight partial sums. */
export function dot<T>(n: usize, x: usize, y: usize): f64 {
  const end = x + n * sizeof<T>();
  const step = 2 * sizeof<T>();
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; x + 4 * step <= end; x += 4 * step, y += 4 * step) {
    s0 = f64x2.add(s0, f64x2.mul(pair<T>(x), pair<T>(y)));
    s1 = f64x2.add(s1, f64x2.mul(pair<T>(x + step), pair<T>(y + step)));
    s2 = f64x2.add(s2, f64x2.mul(pair<T>(x + 2 * step), pair<T>(y + 2 * step)));
    s3 = f64x2.add(s3, f64x2.mul(pair<T>(x + 3 * step), pair<T>(y + 3 * step)));
  }
  s0 = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; x < end; x += sizeof<T>(), y += sizeof<T>()) sum += <f64>load<T>(x) * <f64>load<T>(y);
  return sum;
}

/** Two elements as f64. */
// @ts-ignore: decorator
@inline
function pair<T>(from: usize): v128 {
  return sizeof<T>() == 8 ? v128.load(from) : f64x2.promote_low_f32x4(v128.load64_zero(from));
}
