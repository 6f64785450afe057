import type { Engine } from "../engine.ts";
/** A ← A − v wᵀ − w vᵀ; y ← A x, on the upper triangle. The contract is that of `Engine.updateMultiply`. */
export const updateMultiply: Engine["updateMultiply"] = (n, a, aOffset, lda, v, w, x, y, offset) => {
  y.fill(0, offset, offset + n);
  for (let i = 0; i < n; i++) {
    const row = aOffset + i * lda;
    const vi = v[offset + i]!;
    const wi = w[offset + i]!;
    const xi = x[offset + i]!;
    const diagonal = a[row + i]! - vi * wi - wi * vi;
    a[row + i] = diagonal;
    let sum = y[offset + i]! + diagonal * xi;
    for (let j = i + 1; j < n; j++) {
      const value = a[row + j]! - vi * w[offset + j]! - wi * v[offset + j]!;
      a[row + j] = value;
      sum += value * x[offset + j]!;
      y[offset + j]! += value * xi;
    }
    y[offset + i] = sum;
  }
};
