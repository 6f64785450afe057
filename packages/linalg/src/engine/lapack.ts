/**
 * Factorizations that a library of the system may do in place of this package's own, to the same conventions: what an engine may
 * supply beside its kernels. All arrays are packed float64 in scratch, their entries finite and scaled so that no square overflows.
 *
 * `factorRows` and `formRows` leave what the functions of these names in householder.ts leave, up to rounding and to the signs of
 * reflectors. The other two iterate, and throw a NotConvergedError in the name of `operation` if that fails or leaves a number that is
 * not finite.
 */
export interface Lapack {
  /** L Q factorization of the m × n matrix `x`, its reflectors in place of Q, their min(m, n) factors in `tau`. */
  factorRows(m: number, n: number, x: Float64Array, tau: Float64Array): void;

  /** p orthonormal rows of length n from the k ≤ p ≤ n reflectors that {@link factorRows} left in `x`. */
  formRows(k: number, p: number, n: number, x: Float64Array, tau: Float64Array): void;

  /**
   * Eigenvalues, descending, of the symmetric n × n matrix `a`, of which the upper triangle is read and all is spoiled, and, if
   * `vectors` is given, the eigenvectors as its rows in the same order. Errors are those of a backward stable method.
   */
  symmetricEigen(
    operation: string,
    n: number,
    a: Float64Array,
    values: Float64Array,
    vectors: Float64Array | undefined,
  ): void;

  /**
   * n × m `x`, 1 ≤ n ≤ m, which is spoiled, as leftᵀ diag(s) right[:n], in the layout of {@link RowSvd}: `s` descending, `right` p × m
   * with p = n or p = m, and `left` n × n; without the two only values. Errors are small against the largest value alone.
   */
  svd(
    operation: string,
    n: number,
    m: number,
    x: Float64Array,
    s: Float64Array,
    vectors: { readonly p: number; readonly right: Float64Array; readonly left: Float64Array } | undefined,
  ): void;
}
