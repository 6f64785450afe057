/** Squared norms of rows or columns. The contract is that of `Engine.squaredNorms`. */
export function squaredNorms(
  trans: boolean,
  m: number,
  n: number,
  a: Float32Array,
  aOffset: number,
  lda: number,
  out: Float64Array,
): void {
  out.fill(0, 0, trans ? n : m);
  for (let i = 0; i < m; i++) {
    for (let j = 0, at = aOffset + i * lda; j < n; j++, at++) out[trans ? j : i]! += a[at]! * a[at]!;
  }
}

/** OUT ← A with every row or column times a factor. The contract is that of `Engine.scaleLines`. */
export function scaleLines(
  trans: boolean,
  m: number,
  n: number,
  factors: Float64Array,
  a: Float32Array,
  aOffset: number,
  lda: number,
  out: Float32Array,
  outOffset: number,
  ldo: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      out[outOffset + i * ldo + j] = factors[trans ? j : i]! * a[aOffset + i * lda + j]!;
    }
  }
}
