const LOG2_E: f32 = 1.4426950408889634;
/** ln 2 in two parts: the first has nine significant bits, so that its product with a whole number below 2^15 is exact. */
const LN_2_HIGH: f32 = 0.693359375;
const LN_2_LOW: f32 = -2.1219444005469057e-4;
/** Below this e^x is subnormal; the result is flushed to zero. */
const LOWEST: f32 = -87.33;
/** Larger arguments are clamped to this; the result is then 2.4e38. */
const HIGHEST: f32 = 88.37;

/**
 * e^x in four lanes: x = n ln 2 + r with |r| <= ln 2 / 2, Taylor's series of degree 7 in r, n added to the exponent.
 * Relative error below 3 * 2^-24 between LOWEST and HIGHEST; NaN gives NaN.
 */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const inside = f32x4.pmin(x, f32x4.splat(HIGHEST));
  const n = f32x4.nearest(f32x4.mul(inside, f32x4.splat(LOG2_E)));
  let r = f32x4.sub(inside, f32x4.mul(n, f32x4.splat(LN_2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LN_2_LOW)));
  let series = f32x4.add(f32x4.mul(r, f32x4.splat(1.0 / 5040)), f32x4.splat(1.0 / 720));
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 120));
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 24));
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 6));
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(0.5));
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1));
  series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(series, power), f32x4.lt(x, f32x4.splat(LOWEST)));
}

/** e^x of one number, by the same steps. */
// @ts-ignore: decorator
@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}
