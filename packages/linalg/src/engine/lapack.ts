/**
 * Factorizations that a library of the system may do in place of this package's own, to the same conventions: what an engine may
 * supply beside its kernels. All arrays are packed float64 in scratch, their entries finite and scaled so that no square overflows.
 *
 * Functions with the name of one of this package (householder.ts, lu.ts, triangular.ts, real-schur.ts) leave what that one leaves, up to
 * rounding and to the signs of reflectors. Those with a parameter `operation` iterate, and throw a NotConvergedError in its name if that
 * fails or leaves a number that is not finite.
 */
export interface Lapack {
  /** L Q factorization of the m × n matrix `x`, its reflectors in place of Q, their min(m, n) factors in `tau`. */
  factorRows(m: number, n: number, x: Float64Array, tau: Float64Array): void;

  /** p orthonormal rows of length n from the k ≤ p ≤ n reflectors that {@link factorRows} left in `x`. */
  formRows(k: number, p: number, n: number, x: Float64Array, tau: Float64Array): void;

  /**
   * L U factorization of the m × n matrix `a` with exchanges of rows; false, with `a` as it was, if it made a number that is not finite:
   * a library multiplies by reciprocals, which overflow for tiny pivots.
   */
  factorLu(m: number, n: number, a: Float64Array, pivots: Int32Array): boolean;

  /** Cholesky factor of the n × n matrix with the lower triangle of `a`. Returns the first pivot that is not positive, n if all are. */
  factorCholesky(n: number, a: Float64Array): number;

  /**
   * The n × m rows at `x` ← op(T)⁻¹ X for a triangle of the n × n matrix `t`; false, with `x` as it was, if the reciprocal of a diagonal
   * element is not finite.
   */
  solveTriangular(n: number, t: Float64Array, triangle: Triangle, m: number, x: Float64Array): boolean;

  /** Hessenberg form of the n × n matrix `a`, upper triangular outside of rows and columns low … high; Q in `q`, if it is given. */
  hessenberg(n: number, low: number, high: number, a: Float64Array, q: Float64Array | undefined): void;

  /** Real Schur form of the same; without `z`, only the diagonal blocks are those of T. */
  realSchur(
    operation: string,
    n: number,
    low: number,
    high: number,
    a: Float64Array,
    z: Float64Array | undefined,
  ): void;

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

/** The triangle of a matrix that a system has, and how. */
export interface Triangle {
  readonly lower: boolean;
  readonly transposed: boolean;
  /** The diagonal is taken as ones. */
  readonly unit: boolean;
}
