/** The contract of `Engine.reflect`, four rows at a time so that `v` is read once for all of them. */
export function reflect(m: usize, n: usize, tau: f64, v: usize, x: usize, ldx: usize): void {
  if (tau == 0) return;
  ldx *= 8;
  const end = x + m * ldx;
  for (; x + 4 * ldx <= end; x += 4 * ldx) reflectFour(n, tau, v, x, x + ldx, x + 2 * ldx, x + 3 * ldx);
  for (; x < end; x += ldx) reflectOne(n, tau, v, x);
}

function reflectFour(n: usize, tau: f64, v: usize, x0: usize, x1: usize, x2: usize, x3: usize): void {
  const bytes = n << 3, even = bytes & ~(<usize>15);
  let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let j: usize = 0; j < even; j += 16) {
    const factor = v128.load(v + j);
    s0 = f64x2.add(s0, f64x2.mul(factor, v128.load(x0 + j)));
    s1 = f64x2.add(s1, f64x2.mul(factor, v128.load(x1 + j)));
    s2 = f64x2.add(s2, f64x2.mul(factor, v128.load(x2 + j)));
    s3 = f64x2.add(s3, f64x2.mul(factor, v128.load(x3 + j)));
  }
  let d0 = both(s0), d1 = both(s1), d2 = both(s2), d3 = both(s3);
  if (even < bytes) {
    const last = load<f64>(v + even);
    d0 += last * load<f64>(x0 + even);
    d1 += last * load<f64>(x1 + even);
    d2 += last * load<f64>(x2 + even);
    d3 += last * load<f64>(x3 + even);
  }
  d0 *= tau;
  d1 *= tau;
  d2 *= tau;
  d3 *= tau;
  const t0 = f64x2.splat(d0), t1 = f64x2.splat(d1), t2 = f64x2.splat(d2), t3 = f64x2.splat(d3);
  for (let j: usize = 0; j < even; j += 16) {
    const factor = v128.load(v + j);
    v128.store(x0 + j, f64x2.sub(v128.load(x0 + j), f64x2.mul(t0, factor)));
    v128.store(x1 + j, f64x2.sub(v128.load(x1 + j), f64x2.mul(t1, factor)));
    v128.store(x2 + j, f64x2.sub(v128.load(x2 + j), f64x2.mul(t2, factor)));
    v128.store(x3 + j, f64x2.sub(v128.load(x3 + j), f64x2.mul(t3, factor)));
  }
  if (even < bytes) {
    const last = load<f64>(v + even);
    store<f64>(x0 + even, load<f64>(x0 + even) - d0 * last);
    store<f64>(x1 + even, load<f64>(x1 + even) - d1 * last);
    store<f64>(x2 + even, load<f64>(x2 + even) - d2 * last);
    store<f64>(x3 + even, load<f64>(x3 + even) - d3 * last);
  }
}

function reflectOne(n: usize, tau: f64, v: usize, x: usize): void {
  const bytes = n << 3, even = bytes & ~(<usize>15);
  let s = f64x2.splat(0);
  for (let j: usize = 0; j < even; j += 16) s = f64x2.add(s, f64x2.mul(v128.load(v + j), v128.load(x + j)));
  let d = both(s);
  if (even < bytes) d += load<f64>(v + even) * load<f64>(x + even);
  d *= tau;
  const t = f64x2.splat(d);
  for (let j: usize = 0; j < even; j += 16) v128.store(x + j, f64x2.sub(v128.load(x + j), f64x2.mul(t, v128.load(v + j))));
  if (even < bytes) store<f64>(x + even, load<f64>(x + even) - d * load<f64>(v + even));
}

/** Sum of the two lanes. */
// @ts-ignore: decorator
@inline
export function both(x: v128): f64 {
  return f64x2.extract_lane(x, 0) + f64x2.extract_lane(x, 1);
}
