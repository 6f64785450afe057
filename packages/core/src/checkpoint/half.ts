/** Converts 16-bit numbers to float32, exactly. */
export function widened(bits: Uint16Array, dtype: "F16" | "BF16"): Float32Array {
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
