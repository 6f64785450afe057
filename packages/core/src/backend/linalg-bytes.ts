import { BLOCK, bitsOf, largestOf } from "./linalg-blocks.ts";

/** Words of a packed block: its scale, and 64 codes of one byte. */
export const BLOCK_WORDS: number = 1 + BLOCK / 4;
/** Codes are from −127 to 127. */
export const LARGEST_CODE = 127;

/** Float32 words that hold `length` packed numbers: 1.0625 bytes each. */
export const packedWords = (length: number): number => Math.ceil(length / BLOCK) * BLOCK_WORDS;

/**
 * out ← `values` in 8 bits each, in blocks of 64 with one scale: code = round(127 x / max |x|). `out` is a view of bytes.
 * |error| ≤ max |x| of the block / 254, plus a rounding of float32.
 */
export function packBytes(out: Float32Array, values: Float32Array): void {
  const codes = new Int8Array(out.buffer, out.byteOffset, out.length * 4);
  const bits = bitsOf(values);
  for (let block = 0, from = 0; from < values.length; block++, from += BLOCK) {
    const to = Math.min(values.length, from + BLOCK);
    const largest = largestOf(bits, from, to);
    const at = block * BLOCK_WORDS;
    out[at] = largest / LARGEST_CODE;
    const codesPerUnit = largest > 0 ? LARGEST_CODE / largest : 0;
    for (let i = from, code = 4 * (at + 1); i < to; i++, code++) codes[code] = Math.round(values[i]! * codesPerUnit);
  }
}

/** Inverse of {@link packBytes}: out ← the packed values. */
export function unpackBytes(out: Float32Array, packed: Float32Array): void {
  const codes = new Int8Array(packed.buffer, packed.byteOffset, packed.length * 4);
  for (let block = 0, from = 0; from < out.length; block++, from += BLOCK) {
    const to = Math.min(out.length, from + BLOCK);
    const at = block * BLOCK_WORDS;
    const scale = packed[at]!;
    for (let i = from, code = 4 * (at + 1); i < to; i++, code++) out[i] = scale * codes[code]!;
  }
}
