/** (row p, row q) ← (c p − s q, s p + c q). */
export function turn(n: usize, c: f64, s: f64, p: usize, q: usize): void {
  const end = p + 8 * n;
  const c2 = f64x2.splat(c), s2 = f64x2.splat(s);
  for (; p + 32 <= end; p += 32, q += 32) {
    const a0 = v128.load(p), b0 = v128.load(q), a1 = v128.load(p, 16), b1 = v128.load(q, 16);
    v128.store(p, f64x2.sub(f64x2.mul(c2, a0), f64x2.mul(s2, b0)));
    v128.store(q, f64x2.add(f64x2.mul(s2, a0), f64x2.mul(c2, b0)));
    v128.store(p, f64x2.sub(f64x2.mul(c2, a1), f64x2.mul(s2, b1)), 16);
    v128.store(q, f64x2.add(f64x2.mul(s2, a1), f64x2.mul(c2, b1)), 16);
  }
  for (; p < end; p += 8, q += 8) {
    const a = load<f64>(p), b = load<f64>(q);
    store<f64>(p, c * a - s * b);
    store<f64>(q, s * a + c * b);
  }
}

/** Tangent of the angle, at most 45°, by which a rotation turns the symmetric matrix [a x; x b] to the diagonal a − t x, b + t x. */
// @ts-ignore: decorator
@inline
export function jacobiTangent(a: f64, b: f64, x: f64): f64 {
  const zeta = (b - a) / (2 * x);
  // Where 1 + ζ² = ζ² to rounding, before the square overflows.
  if (abs(zeta) > 1e100) return 0.5 / zeta;
  return (zeta < 0 ? -1.0 : 1.0) / (abs(zeta) + sqrt(1 + zeta * zeta));
}

/** √(f² + g²), by way of the larger where the squares would overflow or vanish. */
export function pythagoras(f: f64, g: f64): f64 {
  const squares = f * f + g * g;
  if (squares > 1e-280 && squares < 1e280) return sqrt(squares);
  const most = max(abs(f), abs(g));
  if (most == 0) return 0;
  const x = f / most, y = g / most;
  return most * sqrt(x * x + y * y);
}
