/** The contract of `Engine.convert`, from elements of type S to elements of type T. */
export function convert<S, T>(n: usize, alpha: f64, x: usize, y: usize): void {
  const factor = f64x2.splat(alpha);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4, x += 4 * sizeof<S>(), y += 4 * sizeof<T>()) {
    let low: v128, high: v128;
    if (sizeof<S>() == 8) {
      low = v128.load(x);
      high = v128.load(x, 16);
    } else {
      const four = v128.load(x);
      low = f64x2.promote_low_f32x4(four);
      high = f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 1));
    }
    low = f64x2.mul(factor, low);
    high = f64x2.mul(factor, high);
    if (sizeof<T>() == 8) {
      v128.store(y, low);
      v128.store(y, high, 16);
    } else {
      v128.store(y, v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
    }
  }
  for (; i < n; i++, x += sizeof<S>(), y += sizeof<T>()) store<T>(y, <T>(alpha * <f64>load<S>(x)));
}

/** The contract of `Engine.largest`: NaN survives `max`, and so does an infinity. */
export function largest<T>(n: usize, x: usize): f64 {
  const end = x + n * sizeof<T>();
  let m0 = v128.splat<T>(<T>0), m1 = m0, m2 = m0, m3 = m0;
  for (; x + 64 <= end; x += 64) {
    m0 = v128.max<T>(m0, v128.abs<T>(v128.load(x)));
    m1 = v128.max<T>(m1, v128.abs<T>(v128.load(x, 16)));
    m2 = v128.max<T>(m2, v128.abs<T>(v128.load(x, 32)));
    m3 = v128.max<T>(m3, v128.abs<T>(v128.load(x, 48)));
  }
  m0 = v128.max<T>(v128.max<T>(m0, m1), v128.max<T>(m2, m3));
  let most: T;
  if (sizeof<T>() == 8) most = <T>max<f64>(f64x2.extract_lane(m0, 0), f64x2.extract_lane(m0, 1));
  else {
    const left = max<f32>(f32x4.extract_lane(m0, 0), f32x4.extract_lane(m0, 1));
    most = <T>max<f32>(left, max<f32>(f32x4.extract_lane(m0, 2), f32x4.extract_lane(m0, 3)));
  }
  for (; x < end; x += sizeof<T>()) most = max<T>(most, abs<T>(load<T>(x)));
  return <f64>most;
}
