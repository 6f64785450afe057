import { pythagoras, turn } from "./rotation";

/** The contract of `Engine.qlSweep`. Each rotation is applied one step late, so that the next one is on its way meanwhile. */
export function qlSweep(first: usize, last: usize, d: usize, e: usize, z: usize, m: usize, ldz: usize): usize {
  ldz *= 8;
  const d0 = load<f64>(d + 8 * first), e0 = load<f64>(e + 8 * first);
  const half = (load<f64>(d + 8 * first + 8) - d0) / (2 * e0);
  const root = pythagoras(half, 1);
  let g = load<f64>(d + 8 * last) - d0 + e0 / (half + (half >= 0 ? root : -root));
  let cosine: f64 = 1, sine: f64 = 1, p: f64 = 0;
  for (let i = last; i-- > first; ) {
    const ei = load<f64>(e + 8 * i);
    const f = sine * ei, b = cosine * ei;
    const r = pythagoras(f, g);
    store<f64>(e + 8 * i + 8, r);
    if (r == 0) {
      if (i + 1 < last) turn(m, cosine, sine, z + (i + 1) * ldz, z + (i + 2) * ldz);
      store<f64>(d + 8 * i + 8, load<f64>(d + 8 * i + 8) - p);
      store<f64>(e + 8 * last, 0);
      return i + 1;
    }
    if (i + 1 < last) turn(m, cosine, sine, z + (i + 1) * ldz, z + (i + 2) * ldz);
    const inverse = 1 / r;
    sine = f * inverse;
    cosine = g * inverse;
    const difference = load<f64>(d + 8 * i + 8) - p;
    const t = (load<f64>(d + 8 * i) - difference) * sine + 2 * cosine * b;
    p = sine * t;
    store<f64>(d + 8 * i + 8, difference + p);
    g = cosine * t - b;
  }
  turn(m, cosine, sine, z + first * ldz, z + (first + 1) * ldz);
  store<f64>(d + 8 * first, load<f64>(d + 8 * first) - p);
  store<f64>(e + 8 * first, g);
  store<f64>(e + 8 * last, 0);
  return first;
}
