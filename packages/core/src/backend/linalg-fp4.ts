import { BLOCK, bitsOf, largestOf } from "./linalg-blocks.ts";

/** Words of a packed block: its scale, and 64 codes of four bits. */
const BLOCK_WORDS = 1 + BLOCK / 8;
/** Magnitude of the largest code. */
const LARGEST = 6;
/** Magnitudes of the codes: a sign, two bits of exponent, one of mantissa (E2M1). */
const MAGNITUDES = [0, 0.5, 1, 1.5, 2, 3, 4, LARGEST];
const VALUES = Float64Array.from([...MAGNITUDES, ...MAGNITUDES.map((x) => -x)]);
/** A unit in fixed point. */
const PLACE_BITS = 15;
const PLACE = 1 << PLACE_BITS;

/** Float32 words that hold `length` numbers in 4 bits: 0.5625 bytes each. */
export const fp4Words = (length: number): number => Math.ceil(length / BLOCK) * BLOCK_WORDS;

/**
 * out ← `values` in 4 bits each, in blocks of 64 with one scale: the largest magnitude of a block is 6 units. Numbers between two codes become
 * one or the other at random, so that the expected value is the number itself: increments below half a code would be lost otherwise, step for
 * step. `out` is a view of codes, the first of a pair in the lower half of a byte.
 *
 * @param key - names the random numbers; equal keys give equal bits.
 * |error| ≤ max |x| of the block / 3, and about 0.15 of the norm for normal numbers.
 *
 * @see Rouhani et al., OCP Microscaling Formats (2023), §5.3.3, for the codes. Deviates: blocks of 64 with a float32 scale.
 */
export function packFp4(out: Float32Array, values: Float32Array, key: readonly [stream: number, step: number]): void {
  const codes = new Uint8Array(out.buffer, out.byteOffset, out.length * 4);
  const bits = bitsOf(values);
  const base = mixed(key[0] ^ mixed(key[1]));
  const last = values.length - 1;
  for (let block = 0, from = 0; from <= last; block++, from += BLOCK) {
    const to = Math.min(values.length, from + BLOCK);
    const largest = largestOf(bits, from, to);
    const at = block * BLOCK_WORDS;
    out[at] = largest / LARGEST;
    const units = largest > 0 ? (LARGEST / largest) * PLACE : 0;
    for (let i = from, byte = 4 * (at + 1); i < to; i += 2, byte++) {
      const random = mixed(base + Math.imul(i, GOLDEN));
      const low = codeOf(values[i]! * units, bits[i]!, random & (PLACE - 1));
      const high = i < last ? codeOf(values[i + 1]! * units, bits[i + 1]!, random >>> (32 - PLACE_BITS)) : 0;
      codes[byte] = low | (high << 4);
    }
  }
}

/** Inverse of {@link packFp4}: out ← the packed values. */
export function unpackFp4(out: Float32Array, packed: Float32Array): void {
  const codes = new Uint8Array(packed.buffer, packed.byteOffset, packed.length * 4);
  for (let block = 0, from = 0; from < out.length; block++, from += BLOCK) {
    const to = Math.min(out.length, from + BLOCK);
    const at = block * BLOCK_WORDS;
    const scale = packed[at]!;
    for (let i = from, byte = 4 * (at + 1); i < to; i += 2, byte++) {
      const code = codes[byte]!;
      out[i] = scale * VALUES[code & 15]!;
      if (i + 1 < to) out[i + 1] = scale * VALUES[code >> 4]!;
    }
  }
}

/**
 * The code of a number: rounded up with the probability of its place between two codes. In whole numbers, since branches on random numbers are
 * slow.
 *
 * @param x - the number in fixed point: units times {@link PLACE}, at most 6 units in magnitude.
 * @param bits - of the number, for its sign.
 * @param random - uniform among the whole numbers below {@link PLACE}.
 */
function codeOf(x: number, bits: number, random: number): number {
  const size = (Math.abs(x) + 0.5) | 0;
  // The place among the codes, whose magnitudes are half a unit, one and two apart: the least of three lines.
  const place = least(least(2 * size, size + 2 * PLACE), (size >> 1) + 4 * PLACE);
  return ((place + random) >> PLACE_BITS) | ((bits >>> 28) & 8);
}

/** The smaller of two whole numbers less than 2³¹ apart. */
function least(a: number, b: number): number {
  const difference = b - a;
  return a + (difference & (difference >> 31));
}

/** Weyl increment of SplitMix (Steele, Lea and Flood 2014), in 32 bits. */
const GOLDEN = 0x9e3779b9;

/** The finalizer of MurmurHash3: every bit of the result depends on every bit of `x`. */
function mixed(x: number): number {
  let bits = x ^ (x >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
