import { both } from "./reflect";

/** The contract of `Engine.updateMultiply`, two rows at a time so that the vectors are read once for both. */
export function updateMultiply(n: usize, a: usize, lda: usize, v: usize, w: usize, x: usize, y: usize): void {
  lda *= 8;
  let i: usize = 0;
  for (; i + 2 <= n; i += 2, a += 2 * lda) {
    updateTwo(n, a, a + lda, load<f64>(v + 8 * i), load<f64>(w + 8 * i), load<f64>(v + 8 * i + 8), load<f64>(w + 8 * i + 8), v, w, x, y + 8 * i);
  }
  if (i < n) updateOne(n, a, load<f64>(v + 8 * i), load<f64>(w + 8 * i), v, w, x, y + 8 * i);
}

function updateTwo(
  n: usize, a: usize, b: usize, va: f64, wa: f64, vb: f64, wb: f64, v: usize, w: usize, x: usize, y: usize,
): void {
  const bytes = n << 3, even = bytes & ~(<usize>15);
  const va2 = f64x2.splat(va), wa2 = f64x2.splat(wa), vb2 = f64x2.splat(vb), wb2 = f64x2.splat(wb);
  let sa = f64x2.splat(0), sb = sa;
  for (let j: usize = 0; j < even; j += 16) {
    const vj = v128.load(v + j), wj = v128.load(w + j), xj = v128.load(x + j);
    const aj = f64x2.sub(f64x2.sub(v128.load(a + j), f64x2.mul(va2, wj)), f64x2.mul(wa2, vj));
    const bj = f64x2.sub(f64x2.sub(v128.load(b + j), f64x2.mul(vb2, wj)), f64x2.mul(wb2, vj));
    v128.store(a + j, aj);
    v128.store(b + j, bj);
    sa = f64x2.add(sa, f64x2.mul(aj, xj));
    sb = f64x2.add(sb, f64x2.mul(bj, xj));
  }
  let da = both(sa), db = both(sb);
  if (even < bytes) {
    const vj = load<f64>(v + even), wj = load<f64>(w + even), xj = load<f64>(x + even);
    const aj = load<f64>(a + even) - va * wj - wa * vj;
    const bj = load<f64>(b + even) - vb * wj - wb * vj;
    store<f64>(a + even, aj);
    store<f64>(b + even, bj);
    da += aj * xj;
    db += bj * xj;
  }
  store<f64>(y, da);
  store<f64>(y + 8, db);
}

function updateOne(n: usize, a: usize, va: f64, wa: f64, v: usize, w: usize, x: usize, y: usize): void {
  let sum: f64 = 0;
  for (let j: usize = 0; j < 8 * n; j += 8) {
    const aj = load<f64>(a + j) - va * load<f64>(w + j) - wa * load<f64>(v + j);
    store<f64>(a + j, aj);
    sum += aj * load<f64>(x + j);
  }
  store<f64>(y, sum);
}
