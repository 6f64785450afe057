import type { Kernels } from "../kernels.ts";

export const widen: Kernels["widen"] = (count, x, xOffset, out, outOffset) => {
  const bits = bitsOf(out, outOffset, count);
  for (let i = 0; i < count; i++) bits[i] = x[xOffset + i]! << 16;
};

export const roundAtRandom: Kernels["roundAtRandom"] = (count, x, xOffset, firstKey, secondKey, out, outOffset) => {
  const bits = bitsOf(x, xOffset, count);
  for (let i = 0; i < count; i++) {
    const isNumber = !Number.isNaN(x[xOffset + i]);
    out[outOffset + i] = isNumber ? (bits[i]! + random16(i, firstKey, secondKey)) >>> 16 : (bits[i]! >>> 16) | 0x40;
  }
};

/** A hash of the index and the key in 16 bits; the constants are those of `assembly/bfloat16.ts`. */
function random16(index: number, firstKey: number, secondKey: number): number {
  let z = (Math.imul(index, 0x9e3779b9) + firstKey) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d);
  z = Math.imul(((z ^ (z >>> 15)) + secondKey) | 0, 0x846ca68b);
  return z >>> 16;
}

const bitsOf = ({ buffer, byteOffset }: Float32Array, offset: number, count: number): Uint32Array =>
  new Uint32Array(buffer, byteOffset + 4 * offset, count);
