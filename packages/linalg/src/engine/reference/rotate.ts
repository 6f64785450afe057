/** The rotations of one QL sweep. The contract is that of `Engine.rotate`. */
export function rotate(
  count: number,
  n: number,
  c: Float64Array,
  s: Float64Array,
  cOffset: number,
  x: Float64Array,
  xOffset: number,
  ldx: number,
): void {
  for (let i = count - 1; i >= 0; i--) {
    const upper = xOffset + i * ldx;
    const lower = upper + ldx;
    const ci = c[cOffset + i]!;
    const si = s[cOffset + i]!;
    for (let j = 0; j < n; j++) {
      const a = x[upper + j]!;
      const b = x[lower + j]!;
      x[upper + j] = ci * a - si * b;
      x[lower + j] = si * a + ci * b;
    }
  }
}
