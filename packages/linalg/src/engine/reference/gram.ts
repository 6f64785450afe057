import type { Engine } from "../engine.ts";

/** C ← A Aᵀ, or Aᵀ A if `trans`, in float64. The contract is that of `Engine.gram`. */
export const gram: Engine["gram"] = (trans, n, k, a, aOffset, lda, c, cOffset, ldc) => {
  const [row, col] = trans ? [1, lda] : [lda, 1];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[aOffset + i * row + p * col]! * a[aOffset + j * row + p * col]!;
      c[cOffset + i * ldc + j] = sum;
      c[cOffset + j * ldc + i] = sum;
    }
  }
};
