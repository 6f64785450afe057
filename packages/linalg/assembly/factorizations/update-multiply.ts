import { both } from "./reflect";

/** The contract of `Engine.updateMultiply`, two rows at a time so that the vectors are read once for both. */
export function updateMultiply(n: usize, a: usize, lda: usize, v: usize, w: usize, x: usize, y: usize): void {
  lda = 8 * lda;
  const bytes = n << 3;
  memory.fill(y, 0, bytes);
  let i: usize = 0;
  // Rows i and i + 1 from column i on.
  for (; i + 16 <= bytes; i += 16, a += 2 * lda) {
    const b = a + lda;
    const va = load<f64>(v + i), wa = load<f64>(w + i), xa = load<f64>(x + i);
    const vb = load<f64>(v + i, 8), wb = load<f64>(w + i, 8), xb = load<f64>(x + i, 8);
    const aa = load<f64>(a + i) - va * wa - wa * va;
    const ab = load<f64>(a + i, 8) - va * wb - wa * vb;
    const bb = load<f64>(b + i, 8) - vb * wb - wb * vb;
    store<f64>(a + i, aa);
    store<f64>(a + i, ab, 8);
    store<f64>(b + i, bb, 8);
    store<f64>(y + i, load<f64>(y + i) + aa * xa + ab * xb);
    store<f64>(y + i, load<f64>(y + i, 8) + ab * xa + bb * xb, 8);
    updateTwo(bytes - i - 16, a + i + 16, b + i + 16, va, wa, xa, vb, wb, xb, v + i + 16, w + i + 16, x + i + 16, y + i + 16, y + i);
  }
  if (i < bytes) {
    const value = load<f64>(a + i) - load<f64>(v + i) * load<f64>(w + i) - load<f64>(w + i) * load<f64>(v + i);
    store<f64>(a + i, value);
    store<f64>(y + i, load<f64>(y + i) + value * load<f64>(x + i));
  }
}

/** Both rows right of their diagonal block: their update, their part of their own two sums, and what they add to the later ones. */
function updateTwo(
  bytes: usize, a: usize, b: usize, va: f64, wa: f64, xa: f64, vb: f64, wb: f64, xb: f64,
  v: usize, w: usize, x: usize, y: usize, sums: usize,
): void {
  const even = bytes & ~(<usize>15);
  const va2 = f64x2.splat(va), wa2 = f64x2.splat(wa), xa2 = f64x2.splat(xa);
  const vb2 = f64x2.splat(vb), wb2 = f64x2.splat(wb), xb2 = f64x2.splat(xb);
  let sa = f64x2.splat(0), sb = sa;
  for (let j: usize = 0; j < even; j += 16) {
    const vj = v128.load(v + j), wj = v128.load(w + j), xj = v128.load(x + j);
    const aj = f64x2.sub(f64x2.sub(v128.load(a + j), f64x2.mul(va2, wj)), f64x2.mul(wa2, vj));
    const bj = f64x2.sub(f64x2.sub(v128.load(b + j), f64x2.mul(vb2, wj)), f64x2.mul(wb2, vj));
    v128.store(a + j, aj);
    v128.store(b + j, bj);
    sa = f64x2.add(sa, f64x2.mul(aj, xj));
    sb = f64x2.add(sb, f64x2.mul(bj, xj));
    v128.store(y + j, f64x2.add(v128.load(y + j), f64x2.add(f64x2.mul(aj, xa2), f64x2.mul(bj, xb2))));
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
    store<f64>(y + even, load<f64>(y + even) + aj * xa + bj * xb);
  }
  store<f64>(sums, load<f64>(sums) + da);
  store<f64>(sums, load<f64>(sums, 8) + db, 8);
}
