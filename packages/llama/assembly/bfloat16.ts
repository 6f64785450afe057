/** Multipliers of the golden ratio's sequence and of lowbias32 (Wellons 2018), a hash of 32 bits in which every output bit depends on all input bits. */
const GOLDEN: i32 = 0x9e3779b9;
const FIRST: i32 = 0x7feb352d;
const SECOND: i32 = 0x846ca68b;
/** The fraction's first bit, which makes a NaN quiet, and keeps it one when the other bits are cut. */
const QUIET: i32 = 0x400000;

/** out (count floats) <- x (count bfloat16 numbers) */
export function widen(count: i32, x: usize, out: usize): void {
  const end = x + (<usize>(count & ~7) << 1);
  while (x < end) {
    const halves = v128.load(x);
    v128.store(out, i32x4.shl(i32x4.extend_low_i16x8_u(halves), 16));
    v128.store(out, i32x4.shl(i32x4.extend_high_i16x8_u(halves), 16), 16);
    x += 16;
    out += 32;
  }
  for (let i = 0; i < (count & 7); i++) {
    store<u32>(out, <u32>load<u16>(x) << 16);
    x += 2;
    out += 4;
  }
}

/** out (count bfloat16 numbers) <- x, with 16 random bits added below the last that is kept, and the rest cut. */
export function roundAtRandom(count: i32, x: usize, firstKey: i32, secondKey: i32, out: usize): void {
  const vectors = count & ~3;
  const firstKeys = i32x4.splat(firstKey);
  const secondKeys = i32x4.splat(secondKey);
  const step = i32x4.splat(4);
  let index = i32x4(0, 1, 2, 3);
  for (let i = 0; i < vectors; i += 4) {
    let z = i32x4.add(i32x4.mul(index, i32x4.splat(GOLDEN)), firstKeys);
    z = i32x4.mul(v128.xor(z, i32x4.shr_u(z, 16)), i32x4.splat(FIRST));
    z = i32x4.mul(i32x4.add(v128.xor(z, i32x4.shr_u(z, 15)), secondKeys), i32x4.splat(SECOND));
    const bits = v128.load(x);
    const ordered = f32x4.eq(bits, bits);
    const sums = i32x4.add(bits, v128.and(i32x4.shr_u(z, 16), ordered));
    const cut = i32x4.shr_u(v128.or(sums, v128.andnot(i32x4.splat(QUIET), ordered)), 16);
    store<i64>(out, i64x2.extract_lane(i16x8.narrow_i32x4_u(cut, cut), 0));
    index = i32x4.add(index, step);
    x += 16;
    out += 8;
  }
  for (let i = vectors; i < count; i++) {
    let z = i * GOLDEN + firstKey;
    z = (z ^ (z >>> 16)) * FIRST;
    z = ((z ^ (z >>> 15)) + secondKey) * SECOND;
    const value = load<f32>(x);
    const bits = load<u32>(x);
    store<u16>(out, <u16>((value == value ? bits + <u32>(z >>> 16) : bits | QUIET) >> 16));
    x += 4;
    out += 2;
  }
}
