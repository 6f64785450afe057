/** (n elements at p, n elements at q) ← (c p − s q, s p + c q): a plane rotation of two rows. */
export function rotateRows(x: Float64Array, p: number, q: number, n: number, c: number, s: number): void {
  for (let j = 0; j < n; j++) {
    const a = x[p + j]!;
    const b = x[q + j]!;
    x[p + j] = c * a - s * b;
    x[q + j] = s * a + c * b;
  }
}
