// What a core can do at most in WebAssembly: the denominators of the benchmarks.

/** `rounds` times 12 independent multiply-adds on vectors: all that fit into the registers beside the two factors, which the caller passes so that they are no constants. */
export function multiplyAdd32(rounds: i32, factor: f32, term: f32): f32 {
  const x = f32x4.splat(factor), y = f32x4.splat(term);
  let c0 = f32x4.splat(1), c1 = f32x4.splat(2), c2 = f32x4.splat(3), c3 = f32x4.splat(4);
  let c4 = f32x4.splat(5), c5 = f32x4.splat(6), c6 = f32x4.splat(7), c7 = f32x4.splat(8);
  let c8 = f32x4.splat(9), c9 = f32x4.splat(10), c10 = f32x4.splat(11), c11 = f32x4.splat(12);
  do {
    c0 = f32x4.add(f32x4.mul(c0, x), y);
    c1 = f32x4.add(f32x4.mul(c1, x), y);
    c2 = f32x4.add(f32x4.mul(c2, x), y);
    c3 = f32x4.add(f32x4.mul(c3, x), y);
    c4 = f32x4.add(f32x4.mul(c4, x), y);
    c5 = f32x4.add(f32x4.mul(c5, x), y);
    c6 = f32x4.add(f32x4.mul(c6, x), y);
    c7 = f32x4.add(f32x4.mul(c7, x), y);
    c8 = f32x4.add(f32x4.mul(c8, x), y);
    c9 = f32x4.add(f32x4.mul(c9, x), y);
    c10 = f32x4.add(f32x4.mul(c10, x), y);
    c11 = f32x4.add(f32x4.mul(c11, x), y);
  } while (--rounds);
  c0 = f32x4.add(c0, c1);
  c0 = f32x4.add(c0, c2);
  c0 = f32x4.add(c0, c3);
  c0 = f32x4.add(c0, c4);
  c0 = f32x4.add(c0, c5);
  c0 = f32x4.add(c0, c6);
  c0 = f32x4.add(c0, c7);
  c0 = f32x4.add(c0, c8);
  c0 = f32x4.add(c0, c9);
  c0 = f32x4.add(c0, c10);
  c0 = f32x4.add(c0, c11);
  return f32x4.extract_lane(c0, 0);
}

/** `rounds` times 12 independent multiply-adds on vectors: all that fit into the registers beside the two factors, which the caller passes so that they are no constants. */
export function multiplyAdd64(rounds: i32, factor: f64, term: f64): f64 {
  const x = f64x2.splat(factor), y = f64x2.splat(term);
  let c0 = f64x2.splat(1), c1 = f64x2.splat(2), c2 = f64x2.splat(3), c3 = f64x2.splat(4);
  let c4 = f64x2.splat(5), c5 = f64x2.splat(6), c6 = f64x2.splat(7), c7 = f64x2.splat(8);
  let c8 = f64x2.splat(9), c9 = f64x2.splat(10), c10 = f64x2.splat(11), c11 = f64x2.splat(12);
  do {
    c0 = f64x2.add(f64x2.mul(c0, x), y);
    c1 = f64x2.add(f64x2.mul(c1, x), y);
    c2 = f64x2.add(f64x2.mul(c2, x), y);
    c3 = f64x2.add(f64x2.mul(c3, x), y);
    c4 = f64x2.add(f64x2.mul(c4, x), y);
    c5 = f64x2.add(f64x2.mul(c5, x), y);
    c6 = f64x2.add(f64x2.mul(c6, x), y);
    c7 = f64x2.add(f64x2.mul(c7, x), y);
    c8 = f64x2.add(f64x2.mul(c8, x), y);
    c9 = f64x2.add(f64x2.mul(c9, x), y);
    c10 = f64x2.add(f64x2.mul(c10, x), y);
    c11 = f64x2.add(f64x2.mul(c11, x), y);
  } while (--rounds);
  c0 = f64x2.add(c0, c1);
  c0 = f64x2.add(c0, c2);
  c0 = f64x2.add(c0, c3);
  c0 = f64x2.add(c0, c4);
  c0 = f64x2.add(c0, c5);
  c0 = f64x2.add(c0, c6);
  c0 = f64x2.add(c0, c7);
  c0 = f64x2.add(c0, c8);
  c0 = f64x2.add(c0, c9);
  c0 = f64x2.add(c0, c10);
  c0 = f64x2.add(c0, c11);
  return f64x2.extract_lane(c0, 0);
}

/**
 * The loop of the tile of products on operands in the first-level cache: 8 multiply-adds on vectors, with the six loads that a tile of
 * 2 rows of 4 vectors takes, or with five, which is one too few for a product.
 */
export function tileLoop(rounds: i32, sixLoads: bool): f32 {
  return sixLoads ? multiplyAddLoaded(rounds, 0, 4096, 4) : multiplyAddLoaded(rounds, 0, 4096, 0);
}

// @ts-ignore: decorator
@inline
function multiplyAddLoaded(rounds: i32, a: usize, b: usize, secondRow: usize): f32 {
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  for (; rounds > 0; rounds -= 256) {
    let k: i32 = 256, pa = a, pb = b;
    do {
      const b0 = v128.load(pb), b1 = v128.load(pb, 16), b2 = v128.load(pb, 32), b3 = v128.load(pb, 48);
      const x0 = v128.load_splat<f32>(pa), x1 = secondRow == 0 ? x0 : v128.load_splat<f32>(pa + secondRow);
      c0 = f32x4.add(c0, f32x4.mul(b0, x0));
      c1 = f32x4.add(c1, f32x4.mul(b1, x0));
      c2 = f32x4.add(c2, f32x4.mul(b2, x0));
      c3 = f32x4.add(c3, f32x4.mul(b3, x0));
      c4 = f32x4.add(c4, f32x4.mul(b0, x1));
      c5 = f32x4.add(c5, f32x4.mul(b1, x1));
      c6 = f32x4.add(c6, f32x4.mul(b2, x1));
      c7 = f32x4.add(c7, f32x4.mul(b3, x1));
      pa += 8;
      pb += 64;
    } while (--k);
  }
  c0 = f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3));
  c4 = f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7));
  return f32x4.extract_lane(f32x4.add(c0, c4), 0);
}

/** Reads `bytes` bytes, a multiple of 64. */
export function read(from: usize, bytes: usize): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (const end = from + bytes; from < end; from += 64) {
    s0 = f32x4.add(s0, v128.load(from));
    s1 = f32x4.add(s1, v128.load(from, 16));
    s2 = f32x4.add(s2, v128.load(from, 32));
    s3 = f32x4.add(s3, v128.load(from, 48));
  }
  return f32x4.extract_lane(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), 0);
}

/** Writes `bytes` bytes, a multiple of 64. */
export function write(to: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  for (const end = to + bytes; to < end; to += 64) {
    v128.store(to, zero);
    v128.store(to, zero, 16);
    v128.store(to, zero, 32);
    v128.store(to, zero, 48);
  }
}
