/**
 * Contract of a tensor library with the algorithms of this package.
 *
 * A `T` is a handle on an `m × n` matrix of float32 (vectors are `1 × n`) whose contents change in place: an array in a heap, a
 * framework's variable, a texture. A `Source` is the user's storage of a weight or a gradient.
 * Outputs come first. An output is none of the inputs unless said otherwise, and is overwritten.
 * The optimizer checks its user's input: backends may assume valid handles and sizes.
 */
export interface Backend<T, Source = T> {
  /** Name for reports, e.g. `"linalg/wasm"`. */
  readonly name: string;
  /** Whether reads wait for a device. If so, only numbers that the algorithm or a listener needs are measured. */
  readonly readsStall?: boolean;
  /** Bytes of matrices and of scratch, for plans. */
  readonly sizes: BackendSizes;

  /** Allocates a `rows × cols` matrix of zeros, which is released by `dispose`. */
  allocate(rows: number, cols: number): T;
  dispose(a: T): void;
  /**
   * Creates a handle on the user's weights, which shares their memory in both directions.
   * `undefined` if that is impossible, or if they are not `rows · cols` numbers.
   */
  weight(source: Source, rows: number, cols: number): T | undefined;
  /**
   * Creates a handle on rows `firstRow` to `firstRow + rows` of a weight or gradient, which shares its memory. Needed only to split a
   * fused weight; absent from backends that cannot.
   */
  rowsOf?(a: T, firstRow: number, rows: number): T;
  /** Creates a read-only handle on the user's gradient, or a copy if necessary. `undefined` if it is not `rows · cols` numbers. */
  gradient(source: Source, rows: number, cols: number): T | undefined;
  /** Shape of the user's storage, for error messages; `undefined` if it holds no numbers. */
  shapeOf(source: Source): readonly number[] | undefined;
  /** Creates scratch of `bytes` bytes, counted with `sizes`. */
  scratch(bytes: number): Scratch<T>;

  /** Copies the elements, row-major. */
  read(a: T): Float32Array;
  /** a ← values, row-major. */
  write(a: T, values: Float32Array): void;

  /** The elements themselves, row-major, valid as long as the matrix; absent from backends whose matrices are not in memory. */
  elements?(a: T): Float32Array;

  /** out ← alpha a + beta out. With beta = 0 `out` is not read. `a` may be `out`. */
  axpby(out: T, alpha: number, a: T, beta: number): void;
  /** Frobenius norm, summed in more than float32. Finite if and only if all elements are. */
  norm(a: T): number;
  /**
   * Hint: `norm(a)` follows before `a` is written to, and `knownLineNorms` if `lines` is given. A backend whose reads stall may compute them
   * with its next read-back, in float32. No effect on results. Present, like `knownLineNorms`, only on such backends.
   */
  expectNorms?(a: T, lines?: Lines): void;
  /** Norms of the rows or columns of `a`, if they need no read-back. Valid until the next call. */
  knownLineNorms?(a: T, lines: Lines): ArrayLike<number> | undefined;
  /** out ← alpha op(a) op(b) + beta out, op(x) = x or xᵀ. With beta = 0 `out` is not read. */
  matmul(out: T, a: T, b: T, options?: ProductOptions): void;
  /**
   * Line j of `out` ← line j of `a` times ‖line j of `numerator`‖ / ‖line j of `denominator`‖, or zero where the denominator is zero.
   * Without a numerator its norms are 1. Lines are columns, or rows. `a` may be `denominator`, and `out` any of the two.
   */
  scaleLines(out: T, a: T, numerator: T | undefined, denominator: T, lines: Lines, scratch: Scratch<T>): void;
  /** out ← the orthogonal polar factor of `a` (U Vᵀ of its SVD). `a` may be `out`. Singular values up to `tolerance` σ₁ count as zero. */
  polar(out: T, a: T, scratch: Scratch<T>, options: PolarOptions): PolarInfo;
  /** out ← the polar factor approximated by a polynomial iteration in float32. `a` may be `out`. */
  newtonSchulz(out: T, a: T, scratch: Scratch<T>, options: NewtonSchulzOptions): void;
  /** out (m × rank) ← an orthonormal basis that captures most of `a` (n × m if `transpose`, else m × n). */
  rangeFinder(out: T, a: T, scratch: Scratch<T>, options: RangeFinderOptions<T>): RangeInfo;
  /**
   * out ← `a` in about `bits` bits a number; `unpack` is the inverse. `out` is a 1 × `sizes.packed` matrix in the backend's own format, which
   * `read` and `write` preserve bit for bit. Backends without these three, and `adamwPacked`, support no `stateBits` below 32.
   */
  pack?(out: T, a: T, bits: PackedBits): void;
  unpack?(out: T, packed: T, bits: PackedBits): void;
  /** weight_i ← factor · weight_i wherever direction_i · weight_i > 0, i.e. where subtracting the direction shrinks the weight. */
  shrinkAgreeing(weight: T, direction: T, factor: number): void;
  /** One AdamW update of `weight` with both moments in place; the formulas are those of {@link AdamwUpdate}. */
  adamw(weight: T, gradient: T, first: T, second: T, update: AdamwUpdate): void;
  /**
   * The same with the moments in 8 bits, in matrices like those of `pack`: the first in its format, of the second the square roots in one of the
   * backend's own; zeros are zero in both. Present where `pack` is.
   */
  adamwPacked?(weight: T, gradient: T, first: T, second: T, update: AdamwUpdate): void;
}

/** The lines of a matrix: its rows or its columns. */
export type Lines = "rows" | "columns";

/** Bits of a packed number. */
export type PackedBits = 8 | 4;

/** Scratch memory with scopes, so that a step allocates nothing. */
export interface Scratch<T> {
  /** Runs `body`, and releases its matrices when it returns or throws. */
  scope<R>(body: (scratch: Scratch<T>) => R): R;
  /** Takes a matrix with undefined contents, valid until the enclosing scope ends. */
  matrix(rows: number, cols: number): T;
  dispose(): void;
}

/** Bytes of `allocate`, `matrix` and the scratch of each routine. */
export interface BackendSizes {
  allocated(rows: number, cols: number): number;
  matrix(rows: number, cols: number): number;
  /** Float32 words of a packed matrix. */
  packed?(rows: number, cols: number, bits: PackedBits): number;
  scaleLines(rows: number, cols: number): number;
  polar(rows: number, cols: number): number;
  newtonSchulz(rows: number, cols: number, options: NewtonSchulzOptions): number;
  /** Bytes for an operand of `rows × cols` after transposition. */
  rangeFinder(rows: number, cols: number, rank: number, options: RangeFinderSettings): number;
  /** Total bytes of `scratch(bytes)`. */
  scratch(bytes: number): number;
}

/** Options of {@link Backend.matmul}: out ← alpha op(a) op(b) + beta out. */
export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
}

/** Options of {@link Backend.polar}. */
export interface PolarOptions {
  readonly tolerance: number;
}

/** What {@link Backend.polar} knows beside the factor. */
export interface PolarInfo {
  /** Number of singular values above the tolerance, if the backend computes it. */
  readonly rank?: number;
  /** Singular values, descending, if the backend computes them. Valid until the next call. */
  readonly spectrum?: Float64Array;
}

/** Coefficients of X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X, one triple a step, or the name of a known set. */
export type NewtonSchulzCoefficients =
  | "muon"
  | "classical"
  | "polar-express"
  | "cans"
  | readonly (readonly [a: number, b: number, c: number])[];

/** Options of {@link Backend.newtonSchulz}. */
export interface NewtonSchulzOptions {
  readonly coefficients: NewtonSchulzCoefficients;
  readonly steps?: number;
}

/** How a range is found from random numbers. */
export interface RangeFinderSettings {
  /** Extra columns of the random sketch. Ignored with a warm start. */
  readonly oversampling: number;
  /** Multiplications with A Aᵀ. Ignored with a warm start. */
  readonly powerIterations: number;
}

/** Options of {@link Backend.rangeFinder}. */
export interface RangeFinderOptions<T> extends RangeFinderSettings {
  /** Whether to find the range of aᵀ. */
  readonly transpose: boolean;
  /** Basis for a warm start by one block power iteration, instead of random numbers. */
  readonly start?: T;
  /** Key of the random numbers: equal keys give equal bits. */
  readonly key: readonly [seed: number, stream: number, counter: number];
}

/** What {@link Backend.rangeFinder} knows beside the basis. */
export interface RangeInfo {
  /** Estimated leading singular values, descending, if the backend computes them. Valid until the next call. */
  readonly spectrum?: Float64Array;
}

/**
 * m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²;
 * w ← w − lr·decay·w − lr · (m / correction1) / (√(v / correction2) + eps), with correction = 1 − βᵗ.
 */
export interface AdamwUpdate {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly decay: number;
  readonly correction1: number;
  readonly correction2: number;
}
