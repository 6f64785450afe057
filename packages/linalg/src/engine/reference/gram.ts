import type { Real } from "../../matrix.ts";

/** C ← A Aᵀ, or Aᵀ A if `trans`, in float64. The contract is that of `Engine.gram`. */
export function gram(
  trans: boolean,
  n: number,
  k: number,
  a: Real,
  aOffset: number,
  lda: number,
  c: Float64Array,
  cOffset: number,
  ldc: number,
): void {
  const [row, col] = trans ? [1, lda] : [lda, 1];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[aOffset + i * row + p * col]! * a[aOffset + j * row + p * col]!;
      c[cOffset + i * ldc + j] = sum;
      c[cOffset + j * ldc + i] = sum;
    }
  }
}
