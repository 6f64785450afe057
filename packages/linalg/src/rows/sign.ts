/**
 * The sign that makes a singular vector or eigenvector unique: +1 or −1, so that its first component of largest magnitude is positive.
 * Components within a few roundings of the largest count as largest, so that the choice does not hang on the last bit.
 */
export function signOf(x: Float64Array, offset: number, n: number): number {
  let most = 0;
  for (let j = 0; j < n; j++) most = Math.max(most, Math.abs(x[offset + j]!));
  const close = most * (1 - 2 ** -20);
  for (let j = 0; j < n; j++) if (Math.abs(x[offset + j]!) >= close) return x[offset + j]! < 0 ? -1 : 1;
  return 1;
}

/** Row i of packed `x` ← sign times itself. */
export function scaleRow(x: Float64Array, i: number, n: number, factor: number): void {
  if (factor === 1) return;
  for (let j = i * n, end = j + n; j < end; j++) x[j]! *= factor;
}
