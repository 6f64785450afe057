/**
 * The operations that an optimizer needs of a tensor library. The algorithms of this package are written once over it.
 *
 * A `T` is a handle on an `m × n` matrix of float32 (vectors are `1 × n`) whose contents change in place: an array in a heap, a
 * framework's variable, a texture. A `Source` is what the user holds: the thing that a weight lives in or a gradient arrives in.
 * Outputs come first. An output is none of the inputs unless said otherwise; what it held is overwritten.
 * Handles and sizes are right when these methods are called: the optimizer checks its user's input, a backend need not.
 */
export interface Backend<T, Source = T> {
  /** Shown in reports, e.g. `"linalg/wasm"`. */
  readonly name: string;
  /** Reading a number waits for a device: only what the algorithm needs, or somebody listens to, is measured. */
  readonly readsStall?: boolean;
  /** Bytes of matrices and of scratch, known before anything is allocated. */
  readonly sizes: BackendSizes;

  /** A `rows × cols` matrix of zeros that lives until `dispose`. */
  allocate(rows: number, cols: number): T;
  dispose(a: T): void;
  /**
   * The user's weights as a handle: what is written through it is what the user sees, and the other way round.
   * `undefined` if that cannot be, or if they are not `rows · cols` numbers.
   */
  weight(source: Source, rows: number, cols: number): T | undefined;
  /**
   * Rows `firstRow` and on of a weight or gradient, as a handle on the same numbers. Needed only to split a fused weight;
   * a backend that cannot has no such method.
   */
  rowsOf?(a: T, firstRow: number, rows: number): T;
  /** The user's gradient as a handle that is only read, a copy where it has to be. `undefined` if it is not `rows · cols` numbers. */
  gradient(source: Source, rows: number, cols: number): T | undefined;
  /** Shape of the user's storage as they see it, for error messages. */
  shapeOf(source: Source): readonly number[];
  /** Scratch of `bytes` bytes, counted with `sizes`. */
  scratch(bytes: number): Scratch<T>;

  /** A copy of the elements, row-major. */
  read(a: T): Float32Array;
  /** a ← values, row-major. */
  write(a: T, values: Float32Array): void;

  /** out ← alpha a + beta out. beta = 0 ignores what `out` held. `a` may be `out`. */
  axpby(out: T, alpha: number, a: T, beta: number): void;
  /** Frobenius norm, summed in more than float32. Not finite if and only if an element is not. */
  norm(a: T): number;
  /**
   * Hint: `norm(a)` follows before `a` is written to, and `knownLineNorms` if there are lines. A backend whose reads stall may compute them
   * with its next read-back, in float32. Changes nothing else; only such a backend has these two.
   */
  expectNorms?(a: T, lines?: Lines): void;
  /** Norms of the rows or columns of `a` as it is, where no read is needed for them: valid until the next call. */
  knownLineNorms?(a: T, lines: Lines): ArrayLike<number> | undefined;
  /** out ← alpha op(a) op(b) + beta out, op(x) = x or xᵀ. beta = 0 ignores what `out` held. */
  matmul(out: T, a: T, b: T, options?: ProductOptions): void;
  /**
   * Line j of `out` ← line j of `a` times ‖line j of `numerator`‖ / ‖line j of `denominator`‖, or zero where the denominator is.
   * Lines are columns, or rows. `a` may be `denominator`, and `out` any of the two.
   */
  scaleLines(out: T, a: T, numerator: T, denominator: T, lines: Lines, scratch: Scratch<T>): void;
  /** out ← the orthogonal polar factor of `a` (U Vᵀ of its SVD). `a` may be `out`. Singular values up to `tolerance` σ₁ count as zero. */
  polar(out: T, a: T, scratch: Scratch<T>, options: PolarOptions): PolarInfo;
  /** out ← the same, approximated by a polynomial iteration in float32. `a` may be `out`. */
  newtonSchulz(out: T, a: T, scratch: Scratch<T>, options: NewtonSchulzOptions): void;
  /** out (m × rank) ← an orthonormal basis that captures most of `a` (n × m if `transpose`, else m × n). */
  rangeFinder(out: T, a: T, scratch: Scratch<T>, options: RangeFinderOptions<T>): RangeInfo;
  /**
   * out ← `a` in about 8 bits a number, and back. `out` is a 1 × `sizes.packed` matrix whose contents mean nothing to anybody else, and
   * which `read` and `write` carry bit for bit. A backend without these three has no state of 8 bits.
   */
  pack?(out: T, a: T): void;
  unpack?(out: T, packed: T): void;
  /** weight_i ← factor · weight_i wherever direction_i · weight_i > 0: where subtracting the direction shrinks the weight. */
  shrinkAgreeing(weight: T, direction: T, factor: number): void;
  /** One AdamW update of `weight` with both moments in place; the formulas are those of {@link AdamwUpdate}. */
  adamw(weight: T, gradient: T, first: T, second: T, update: AdamwUpdate): void;
}

export type Lines = "rows" | "columns";

/** Scratch memory, handed out and taken back by scope, so that a step allocates nothing. */
export interface Scratch<T> {
  /** Runs `body`; what it took is given back when it returns or throws. */
  scope<R>(body: (scratch: Scratch<T>) => R): R;
  /** A matrix of garbage, valid until the enclosing scope ends. */
  matrix(rows: number, cols: number): T;
  dispose(): void;
}

/** Bytes that `allocate`, `matrix` and the routines with scratch take. */
export interface BackendSizes {
  allocated(rows: number, cols: number): number;
  matrix(rows: number, cols: number): number;
  /** Float32 words of a packed matrix. */
  packed?(rows: number, cols: number): number;
  scaleLines(rows: number, cols: number): number;
  polar(rows: number, cols: number): number;
  newtonSchulz(rows: number, cols: number, options: NewtonSchulzOptions): number;
  /** For an operand of `rows × cols` after transposition. */
  rangeFinder(rows: number, cols: number, rank: number, options: RangeFinderSettings): number;
  /** All bytes of `scratch(bytes)`. */
  scratch(bytes: number): number;
}

export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha?: number;
  readonly beta?: number;
}

export interface PolarOptions {
  readonly tolerance: number;
}

export interface PolarInfo {
  /** Number of singular values above the tolerance, where the backend knows it. */
  readonly rank?: number;
  /** Singular values, descending, valid until the next call; where the backend knows them. */
  readonly spectrum?: Float64Array;
}

/** Coefficients of X ← a X + b (X Xᵀ) X + c (X Xᵀ)² X, one triple a step, or the name of a known set. */
export type NewtonSchulzCoefficients =
  | "muon"
  | "classical"
  | "polar-express"
  | "cans"
  | readonly (readonly [a: number, b: number, c: number])[];

export interface NewtonSchulzOptions {
  readonly coefficients: NewtonSchulzCoefficients;
  readonly steps?: number;
}

export interface RangeFinderSettings {
  /** Extra columns of the random sketch. Ignored with a warm start. */
  readonly oversampling: number;
  /** Multiplications with A Aᵀ. Ignored with a warm start. */
  readonly powerIterations: number;
}

export interface RangeFinderOptions<T> extends RangeFinderSettings {
  /** Find the range of aᵀ. */
  readonly transpose: boolean;
  /** A basis to start from (one block power iteration) instead of random numbers. */
  readonly start?: T;
  /** Key of the random numbers: equal keys give equal bits. */
  readonly key: readonly [seed: number, stream: number, counter: number];
}

export interface RangeInfo {
  /** Estimated leading singular values, descending, valid until the next call; where the backend knows them. */
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
