import type { Real } from "../matrix/real.ts";
import type { Heap } from "./heap.ts";
import type { Lapack } from "./lapack.ts";

/**
 * The kernels that an engine supplies. Algorithms are written once above it; the contract of each kernel is written once, here,
 * and the `reference` engine is its executable definition.
 *
 * Common to all: matrices are row-major, element (i, j) of `a` is `a[aOffset + i * lda + j]`; all arrays of a call have one
 * dtype unless said otherwise; outputs do not overlap inputs unless said otherwise; nothing is checked, sizes may be zero;
 * NaN and infinities go through by IEEE rules. Arrays that lie in `heap` are used in place, others are copied in and out.
 */
export interface Engine {
  readonly name: string;
  readonly heap: Heap;
  /** Whole factorizations, where the engine has them; without, algorithms use the kernels below. */
  readonly lapack?: Lapack;

  /** C ← alpha op(A) op(B) + beta C, with op(A) m × k, op(B) k × n. alpha = 0 ignores A and B, beta = 0 what C held, NaN included. */
  gemm(
    transA: boolean,
    transB: boolean,
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: Real,
    aOffset: number,
    lda: number,
    b: Real,
    bOffset: number,
    ldb: number,
    beta: number,
    c: Real,
    cOffset: number,
    ldc: number,
  ): void;

  /**
   * C ← A Aᵀ, or Aᵀ A if `trans`, n × n symmetric and written in full; A is n × k (k × n if `trans`).
   * `c` is float64 always, whatever the dtype of `a`: products and sums are float64.
   */
  gram(
    trans: boolean,
    n: number,
    k: number,
    a: Real,
    aOffset: number,
    lda: number,
    c: Float64Array,
    cOffset: number,
    ldc: number,
  ): void;

  /** y ← alpha x + beta y over `n` contiguous elements. beta = 0 ignores what y held; x may be y. */
  axpby(n: number, alpha: number, x: Real, xOffset: number, beta: number, y: Real, yOffset: number): void;

  /** y ← alpha x over `n` contiguous elements; x and y may differ in dtype: the product is float64, rounded once. */
  convert(n: number, alpha: number, x: Real, xOffset: number, y: Real, yOffset: number): void;

  /** Largest magnitude of `n` contiguous elements, 0 for none; not finite if and only if an element is not. */
  largest(n: number, x: Real, xOffset: number): number;

  /** Σ x_i y_i over `n` contiguous elements, summed in float64. */
  dot(n: number, x: Real, xOffset: number, y: Real, yOffset: number): number;

  /** out_i ← Σ_j a_ij², summed in float64: the squared norms of A's m rows, or of its n columns if `trans`. A is float32, m × n. */
  squaredNorms(
    trans: boolean,
    m: number,
    n: number,
    a: Float32Array,
    aOffset: number,
    lda: number,
    out: Float64Array,
  ): void;

  /**
   * Row i of OUT ← factors_i times row i of A, or column j of OUT ← factors_j times column j of A if `trans`: every product is float64,
   * rounded once. A and OUT are float32, m × n; OUT may be A.
   */
  scaleLines(
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
  ): void;

  /**
   * One AdamW update of `n` contiguous float32 weights (Loshchilov and Hutter 2019, algorithm 2), moments updated in place:
   * m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr·decay·w − lr · (m / c₁) / (√(v / c₂) + ε)
   * with c₁ = 1 − β₁ᵗ and c₂ = 1 − β₂ᵗ passed in.
   */
  adamw(
    n: number,
    w: Float32Array,
    wOffset: number,
    g: Float32Array,
    gOffset: number,
    m: Float32Array,
    mOffset: number,
    v: Float32Array,
    vOffset: number,
    lr: number,
    beta1: number,
    beta2: number,
    eps: number,
    decay: number,
    c1: number,
    c2: number,
  ): void;

  /**
   * X ← X (I − tau v vᵀ): a Householder reflector on the m rows of X, each of length n.
   * This and the kernels below are those of factorizations: float64, in scratch, so that all their arrays lie in `heap`.
   * `v` may lie in the same array as `x`, apart from it.
   */
  reflect(
    m: number,
    n: number,
    tau: number,
    v: Float64Array,
    vOffset: number,
    x: Float64Array,
    xOffset: number,
    ldx: number,
  ): void;

  /** y ← alpha op(A) x + beta y, for the m × n matrix A or its transpose, and contiguous vectors. beta = 0 ignores what y held. */
  gemv(
    trans: boolean,
    m: number,
    n: number,
    alpha: number,
    a: Float64Array,
    aOffset: number,
    lda: number,
    x: Float64Array,
    xOffset: number,
    beta: number,
    y: Float64Array,
    yOffset: number,
  ): void;

  /**
   * One implicit QL step with Wilkinson's shift on rows first … last (first < last) of the symmetric tridiagonal matrix with
   * diagonal `d` and neighbours `e` (e_i beside d_i and d_{i+1}; e has one element more, which is spoiled). Each rotation of rows
   * i and i + 1 is applied to the same rows of `z` (m elements from column `column` on):
   * (c row i − s row i + 1, s row i + c row i + 1). Returns the row where the step ended, `first` unless the bulge vanished on the way.
   */
  qlSweep(
    first: number,
    last: number,
    d: Float64Array,
    e: Float64Array,
    z: Float64Array,
    column: number,
    m: number,
    ldz: number,
  ): number;

  /**
   * Eigenvalues, rising, and eigenvectors of diag(d) + ρ z zᵀ of order k, for ρ > 0, d rising strictly, and z without zeros:
   * the values between their neighbours in d to full relative accuracy of the distance, the vectors orthonormal to rounding.
   * Row i of the packed `vectors` belongs to values[i], its j-th component at place[j], a permutation. `scratch` holds k elements.
   */
  rankOneEigen(
    k: number,
    rho: number,
    d: Float64Array,
    z: Float64Array,
    place: Int32Array,
    values: Float64Array,
    vectors: Float64Array,
    scratch: Float64Array,
  ): void;

  /**
   * One step of a tridiagonal reduction on the symmetric n × n matrix A, of which only the upper triangle is read and written:
   * A ← A − v wᵀ − w vᵀ, then y ← A x.
   * The four vectors start at `offset` of their arrays.
   */
  updateMultiply(
    n: number,
    a: Float64Array,
    aOffset: number,
    lda: number,
    v: Float64Array,
    w: Float64Array,
    x: Float64Array,
    y: Float64Array,
    offset: number,
  ): void;

  /**
   * One cyclic sweep of one-sided Jacobi: for each pair of rows of X (k × n) whose cosine exceeds `tolerance`, the plane rotation
   * that makes them orthogonal, on X and on the same rows of Z (k × m). Before row i is rotated with the others, the longest of the rows
   * from i on is exchanged with it (de Rijk). `squares` holds the rows' squared norms and is kept up to date; a row whose square
   * is zero is left alone. Returns the largest cosine of a rotated pair, 0 if there was none.
   */
  jacobiSweep(
    k: number,
    n: number,
    tolerance: number,
    x: Float64Array,
    xOffset: number,
    ldx: number,
    squares: Float64Array,
    m: number,
    z: Float64Array,
    zOffset: number,
    ldz: number,
  ): number;

  /**
   * One cyclic sweep of two-sided Jacobi on the symmetric n × n matrix A, stored in full: for each pair p < q with
   * |a_pq| > tolerance √|a_pp a_qq|, the plane rotation by at most 45° that makes a_pq zero, on rows and columns of A and on the same
   * rows of Z (n × m). Returns the largest such |a_pq|, 0 if no pair was rotated.
   */
  jacobiEigenSweep(
    n: number,
    tolerance: number,
    a: Float64Array,
    aOffset: number,
    lda: number,
    m: number,
    z: Float64Array,
    zOffset: number,
    ldz: number,
  ): number;
}
