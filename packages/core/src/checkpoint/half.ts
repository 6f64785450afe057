/** Types of numbers of 16 bits. */
export type HalfDtype = "F16" | "BF16";

/** Converts 16-bit numbers to float32, exactly. */
export function widened(bits: Uint16Array, dtype: HalfDtype): Float32Array {
  if (dtype === "BF16") return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
  return Float32Array.from(bits, float16);
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Rounds float32 to 16-bit numbers, to nearest, ties to even; too large ones become infinite. The inverse of {@link widened} on its values. */
export function narrowed(values: Float32Array, dtype: HalfDtype): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  const bitsOf = dtype === "BF16" ? bfloat16Bits : float16Bits;
  for (let i = 0; i < out.length; i++) out[i] = bitsOf(bits[i]!);
  return out;
}

const INFINITE = 0x7f80_0000;

function bfloat16Bits(bits: number): number {
  return isNaNOf(bits) ? (bits >>> 16) | 0x40 : dropBits(bits, 16); // a NaN's fraction must not become 0
}

function float16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fff_ffff;
  if (isNaNOf(bits)) return sign | 0x7e00;
  if (magnitude >= 0x4780_0000) return sign | 0x7c00; // at least 2¹⁶
  if (magnitude >= 0x3880_0000) return sign | dropBits(magnitude - 0x3800_0000, 13); // at least 2⁻¹⁴: the exponent's bias is 112 less
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below 2⁻²⁵
  return sign | dropBits((magnitude & 0x7f_ffff) | 0x80_0000, 126 - exponent); // in units of 2⁻²⁴
}

/** A whole number without its last `count` bits, rounded to nearest, ties to even. */
function dropBits(bits: number, count: number): number {
  const odd = Math.floor(bits / 2 ** count) % 2;
  return Math.floor((bits + 2 ** (count - 1) - 1 + odd) / 2 ** count);
}

const isNaNOf = (bits: number): boolean => (bits & 0x7fff_ffff) > INFINITE;
