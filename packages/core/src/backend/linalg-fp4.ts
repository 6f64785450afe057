import { BLOCK, bitsOf, largestOf } from "./linalg-blocks.ts";

/** Words of a packed block: its scale, and 64 codes of four bits. */
const BLOCK_WORDS = 1 + BLOCK / 8;
/** Magnitude of the largest code. */
const LARGEST = 6;
/** Magnitudes of the codes: a sign, two bits of exponent, one of mantissa (E2M1). */
const MAGNITUDES = [0, 0.5, 1, 1.5, 2, 3, 4, LARGEST];
const VALUES = Float64Array.from([...MAGNITUDES, ...MAGNITUDES.map((x) => -x)]);
/** A unit in fixed point. */
const UNIT_BITS = 15;
const UNIT = 1 << UNIT_BITS;

/** Float32 words that hold `length` numbers in 4 bits: 0.5625 bytes each. */
export const fp4Words = (length: number): number => Math.ceil(length / BLOCK) * BLOCK_WORDS;

/**
 * out ← `values` in 4 bits each, the nearest of fifteen numbers, in blocks of 64 with one scale: the largest magnitude of a block is 6 units.
 * `out` is a view of codes, the first of a pair in the lower half of a byte.
 *
 * |error| ≤ max |x| of the block / 6, and about 0.11 of the norm for normal numbers. To round at random, so that the error is zero on average,
 * would make it 0.15, and Muon ends higher then: a gradient's noise spreads the errors already.
 *
 * @see Rouhani et al., OCP Microscaling Formats (2023), §5.3.3, for the codes. Deviates: blocks of 64 with a float32 scale.
 */
export function packFp4(out: Float32Array, values: Float32Array): void {
  const codes = new Uint8Array(out.buffer, out.byteOffset, out.length * 4);
  const bits = bitsOf(values);
  const last = values.length - 1;
  for (let block = 0, from = 0; from <= last; block++, from += BLOCK) {
    const to = Math.min(values.length, from + BLOCK);
    const largest = largestOf(bits, from, to);
    const at = block * BLOCK_WORDS;
    out[at] = largest / LARGEST;
    const units = largest > 0 ? (LARGEST / largest) * UNIT : 0;
    for (let i = from, byte = 4 * (at + 1); i < to; i += 2, byte++) {
      const low = codeOf(values[i]! * units, bits[i]!);
      const high = i < last ? codeOf(values[i + 1]! * units, bits[i + 1]!) : 0;
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
 * The code of a number, in whole numbers, since branches on random numbers are slow.
 *
 * @param x - the number in fixed point: in units times {@link UNIT}, at most 6 units in magnitude.
 * @param bits - of the number, for its sign.
 */
function codeOf(x: number, bits: number): number {
  const size = (Math.abs(x) + 0.5) | 0;
  // The place among the codes, whose magnitudes are half a unit, one and two apart: the least of three lines.
  const place = least(least(2 * size, size + 2 * UNIT), (size >> 1) + 4 * UNIT);
  return ((place + UNIT / 2) >> UNIT_BITS) | ((bits >>> 28) & 8);
}

/** The smaller of two whole numbers less than 2³¹ apart. */
function least(a: number, b: number): number {
  const difference = b - a;
  return a + (difference & (difference >> 31));
}
