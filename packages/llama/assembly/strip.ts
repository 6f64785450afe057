import { TILE } from "./tile";

/** Two rows i and i + 1 of a times n columns of a transposed matrix in panels. */
// @ts-ignore: decorator
@inline
export function scores(i: i32, n: i32, width: i32, a: usize, panels: usize, out: usize, outRow: usize): void {
  const line = <usize>width << 2;
  const at = a + <usize>i * line;
  strip(n, width, at, at + line, 4, panels, 16 * line, 64, out, out + outRow, false);
}

/**
 * Two rows of a product: c0, c1 (n floats, n a multiple of 16) <- or += A B with k terms. Element p of the rows of A is at
 * a0 + p aStep and a1 + p aStep; element (p, j) of B at b + (j / 16) bTile + p bRow + 4 (j mod 16). Steps in bytes.
 */
export function strip(
  n: i32,
  k: i32,
  a0: usize,
  a1: usize,
  aStep: usize,
  b: usize,
  bTile: usize,
  bRow: usize,
  c0: usize,
  c1: usize,
  add: bool,
): void {
  for (let j = 0; j < n; j += TILE) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let t0 = f32x4.splat(0);
    let t1 = f32x4.splat(0);
    let t2 = f32x4.splat(0);
    let t3 = f32x4.splat(0);
    let x = a0;
    let y = a1;
    let z = b;
    for (let p = 0; p < k; p++) {
      const b0 = v128.load(z);
      const b1 = v128.load(z, 16);
      const b2 = v128.load(z, 32);
      const b3 = v128.load(z, 48);
      const u = v128.load_splat<f32>(x);
      const w = v128.load_splat<f32>(y);
      s0 = f32x4.add(s0, f32x4.mul(u, b0));
      s1 = f32x4.add(s1, f32x4.mul(u, b1));
      s2 = f32x4.add(s2, f32x4.mul(u, b2));
      s3 = f32x4.add(s3, f32x4.mul(u, b3));
      t0 = f32x4.add(t0, f32x4.mul(w, b0));
      t1 = f32x4.add(t1, f32x4.mul(w, b1));
      t2 = f32x4.add(t2, f32x4.mul(w, b2));
      t3 = f32x4.add(t3, f32x4.mul(w, b3));
      x += aStep;
      y += aStep;
      z += bRow;
    }
    if (add) {
      s0 = f32x4.add(s0, v128.load(c0));
      s1 = f32x4.add(s1, v128.load(c0, 16));
      s2 = f32x4.add(s2, v128.load(c0, 32));
      s3 = f32x4.add(s3, v128.load(c0, 48));
      t0 = f32x4.add(t0, v128.load(c1));
      t1 = f32x4.add(t1, v128.load(c1, 16));
      t2 = f32x4.add(t2, v128.load(c1, 32));
      t3 = f32x4.add(t3, v128.load(c1, 48));
    }
    v128.store(c0, s0);
    v128.store(c0, s1, 16);
    v128.store(c0, s2, 32);
    v128.store(c0, s3, 48);
    v128.store(c1, t0);
    v128.store(c1, t1, 16);
    v128.store(c1, t2, 32);
    v128.store(c1, t3, 48);
    b += bTile;
    c0 += 64;
    c1 += 64;
  }
}
