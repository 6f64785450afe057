import { axpby } from "../elementwise/vector";
import { both } from "./reflect";

/** The contract of `Engine.gemv`, with addresses in bytes. */
export function gemv(trans: bool, m: usize, n: usize, alpha: f64, a: usize, lda: usize, x: usize, beta: f64, y: usize): void {
  if (trans) columnsTimes(m, n, alpha, a, 8 * lda, x, beta, y);
  else rowsTimes(m, n, alpha, a, 8 * lda, x, beta, y);
}

/** Four rows at a time, so that x is read once for all of them. */
function rowsTimes(m: usize, n: usize, alpha: f64, a: usize, lda: usize, x: usize, beta: f64, y: usize): void {
  const bytes = n << 3, even = bytes & ~(<usize>15);
  const end = y + (m << 3);
  for (; y + 32 <= end; a += 4 * lda, y += 32) {
    const b = a + lda, c = b + lda, d = c + lda;
    let s0 = f64x2.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let j: usize = 0; j < even; j += 16) {
      const factor = v128.load(x + j);
      s0 = f64x2.add(s0, f64x2.mul(v128.load(a + j), factor));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(b + j), factor));
      s2 = f64x2.add(s2, f64x2.mul(v128.load(c + j), factor));
      s3 = f64x2.add(s3, f64x2.mul(v128.load(d + j), factor));
    }
    put(alpha, sumOf(s0, even, bytes, a, x), beta, y);
    put(alpha, sumOf(s1, even, bytes, b, x), beta, y + 8);
    put(alpha, sumOf(s2, even, bytes, c, x), beta, y + 16);
    put(alpha, sumOf(s3, even, bytes, d, x), beta, y + 24);
  }
  for (; y < end; a += lda, y += 8) {
    let s = f64x2.splat(0);
    for (let j: usize = 0; j < even; j += 16) s = f64x2.add(s, f64x2.mul(v128.load(a + j), v128.load(x + j)));
    put(alpha, sumOf(s, even, bytes, a, x), beta, y);
  }
}

/** Four rows at a time, so that y is read and written once for all of them. */
function columnsTimes(m: usize, n: usize, alpha: f64, a: usize, lda: usize, x: usize, beta: f64, y: usize): void {
  const bytes = n << 3, even = bytes & ~(<usize>15);
  if (beta == 0) memory.fill(y, 0, bytes);
  else if (beta != 1) axpby<f64>(n, beta, y, 0, y);
  const end = x + (m << 3);
  for (; x + 32 <= end; a += 4 * lda, x += 32) {
    const b = a + lda, c = b + lda, d = c + lda;
    const xa = alpha * load<f64>(x), xb = alpha * load<f64>(x, 8), xc = alpha * load<f64>(x, 16), xd = alpha * load<f64>(x, 24);
    const xa2 = f64x2.splat(xa), xb2 = f64x2.splat(xb), xc2 = f64x2.splat(xc), xd2 = f64x2.splat(xd);
    for (let j: usize = 0; j < even; j += 16) {
      const ab = f64x2.add(f64x2.mul(v128.load(a + j), xa2), f64x2.mul(v128.load(b + j), xb2));
      const cd = f64x2.add(f64x2.mul(v128.load(c + j), xc2), f64x2.mul(v128.load(d + j), xd2));
      v128.store(y + j, f64x2.add(v128.load(y + j), f64x2.add(ab, cd)));
    }
    if (even < bytes) {
      const ab = load<f64>(a + even) * xa + load<f64>(b + even) * xb, cd = load<f64>(c + even) * xc + load<f64>(d + even) * xd;
      store<f64>(y + even, load<f64>(y + even) + (ab + cd));
    }
  }
  for (; x < end; a += lda, x += 8) axpby<f64>(n, alpha * load<f64>(x), a, 1, y);
}

/** The sum of both lanes and of an odd row's last product. */
// @ts-ignore: decorator
@inline
function sumOf(sum: v128, even: usize, bytes: usize, a: usize, x: usize): f64 {
  return even < bytes ? both(sum) + load<f64>(a + even) * load<f64>(x + even) : both(sum);
}

// @ts-ignore: decorator
@inline
function put(alpha: f64, sum: f64, beta: f64, y: usize): void {
  store<f64>(y, beta == 0 ? alpha * sum : alpha * sum + beta * load<f64>(y));
}
