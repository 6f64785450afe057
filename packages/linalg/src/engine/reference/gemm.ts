import type { Engine } from "../engine.ts";

/** C ← alpha op(A) op(B) + beta C; every element is one sum in float64, rounded once. The contract is that of `Engine.gemm`. */
export const gemm: Engine["gemm"] = (
  transA,
  transB,
  m,
  n,
  k,
  alpha,
  a,
  aOffset,
  lda,
  b,
  bOffset,
  ldb,
  beta,
  c,
  cOffset,
  ldc,
) => {
  const [aRow, aCol] = transA ? [1, lda] : [lda, 1];
  const [bRow, bCol] = transB ? [1, ldb] : [ldb, 1];
  const row = new Float64Array(n);
  const terms = alpha === 0 ? 0 : k;
  for (let i = 0; i < m; i++) {
    row.fill(0);
    for (let p = 0; p < terms; p++) {
      const factor = a[aOffset + i * aRow + p * aCol]!;
      for (let j = 0, at = bOffset + p * bRow; j < n; j++, at += bCol) row[j]! += factor * b[at]!;
    }
    for (let j = 0, at = cOffset + i * ldc; j < n; j++, at++) {
      c[at] = beta === 0 ? alpha * row[j]! : alpha * row[j]! + beta * c[at]!;
    }
  }
};
