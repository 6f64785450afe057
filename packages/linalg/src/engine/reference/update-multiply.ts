/** A ← A − v wᵀ − w vᵀ; y ← A x. The contract is that of `Engine.updateMultiply`. */
export function updateMultiply(
  n: number,
  a: Float64Array,
  aOffset: number,
  lda: number,
  v: Float64Array,
  w: Float64Array,
  x: Float64Array,
  y: Float64Array,
  offset: number,
): void {
  for (let i = 0; i < n; i++) {
    const row = aOffset + i * lda;
    const vi = v[offset + i]!;
    const wi = w[offset + i]!;
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const value = a[row + j]! - vi * w[offset + j]! - wi * v[offset + j]!;
      a[row + j] = value;
      sum += value * x[offset + j]!;
    }
    y[offset + i] = sum;
  }
}
