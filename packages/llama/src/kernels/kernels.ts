/** Shape of an attention call: `batch` sequences of `length` rows. */
export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Added to the mean square in the norms of queries and keys. */
  readonly normEps: number;
}

/** Tables of rotary positions: cosine and sine of position × frequency, [context, headDim / 2]. */
export interface Rotation {
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/**
 * Contract of the model's kernels, which complement the engine's products. The reference kernels are its executable definition.
 *
 * Common to all: arrays lie in the engine's heap and are float32 unless stated; rows are contiguous, and an offset, in elements, is the
 * start of the first; arguments are not checked; outputs do not overlap inputs unless stated; NaN propagates.
 */
export interface Kernels {
  /** out[r] ← table[tokens[r]], rows of `dim`. */
  embed(
    rows: number,
    dim: number,
    table: Float32Array,
    tokens: Int32Array,
    tokensOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void;

  /** dTable[tokens[r]] += dOut[r], in the order of r. */
  embedGradient(rows: number, dim: number, tokens: Int32Array, dOut: Float32Array, dTable: Float32Array): void;

  /** inverse[r] ← 1 / √(mean(x[r]²) + eps); out[r] ← x[r] · inverse[r] · weight (Zhang and Sennrich 2019). */
  rmsNorm(
    rows: number,
    dim: number,
    eps: number,
    x: Float32Array,
    xOffset: number,
    weight: Float32Array,
    out: Float32Array,
    outOffset: number,
    inverse: Float32Array,
    inverseOffset: number,
  ): void;

  /** dX[r] += inverse[r] (weight · dOut[r] − x[r] inverse[r]² mean(weight · dOut[r] · x[r])). */
  rmsNormBackward(
    rows: number,
    dim: number,
    x: Float32Array,
    xOffset: number,
    weight: Float32Array,
    inverse: Float32Array,
    inverseOffset: number,
    dOut: Float32Array,
    dOutOffset: number,
    dX: Float32Array,
    dXOffset: number,
  ): void;

  /** dWeight ← Σ_r dOut[r] · x[r] · inverse[r]; all arrays start at offset 0. */
  rmsNormWeightGradient(
    rows: number,
    dim: number,
    x: Float32Array,
    inverse: Float32Array,
    dOut: Float32Array,
    dWeight: Float32Array,
  ): void;

  /** out ← Σ_r x[r], rows of `width`; both arrays start at offset 0. */
  sumRows(rows: number, width: number, x: Float32Array, out: Float32Array): void;

  /**
   * Causal attention with rotary positions. A row of `qkv` is `heads` queries, `kvHeads` keys, `kvHeads` values, each `headDim` wide;
   * row i of a sequence has position i. `headNorms` are the weights of an RMSNorm of each query and one of each key, `headDim` each, or
   * empty where the model has none. Queries and keys are rotated in rotate-half convention: halves (x, y) of a head become
   * (x cos − y sin, y cos + x sin). Query head h attends to key head ⌊h kvHeads / heads⌋. out: rows of heads × headDim,
   * softmax(q kᵀ / √headDim) v over the rows up to its own.
   *
   * Computes only rows `start` and later of each sequence. `stats` receives, at 2 ((sequence · heads + head) · length + row), the row's
   * largest score and the inverse of its sum of exponentials. `scratch`: `attentionScratch(length, headDim)` elements of garbage.
   */
  attention(
    shape: AttentionShape,
    start: number,
    rotation: Rotation,
    headNorms: Float32Array,
    qkv: Float32Array,
    qkvOffset: number,
    out: Float32Array,
    outOffset: number,
    stats: Float32Array,
    statsOffset: number,
    scratch: Float32Array,
  ): void;

  /**
   * Backward pass of `attention` with `start` 0: overwrites `qkv` with its gradient. `out` and `stats` are the outputs of `attention`;
   * `dOut` starts at `outOffset` too. Where there are `headNorms`, `sums` receives their gradient of each sequence, [batch, 2 headDim].
   */
  attentionBackward(
    shape: AttentionShape,
    rotation: Rotation,
    headNorms: Float32Array,
    qkv: Float32Array,
    qkvOffset: number,
    out: Float32Array,
    dOut: Float32Array,
    outOffset: number,
    stats: Float32Array,
    statsOffset: number,
    sums: Float32Array,
    sumsOffset: number,
    scratch: Float32Array,
  ): void;

  /** out[r] ← silu(gate[r]) · up[r]; a row of `gateUp` is gate, then up, each `hidden` wide. silu(x) = x / (1 + e⁻ˣ) (Shazeer 2020). */
  swiglu(
    rows: number,
    hidden: number,
    gateUp: Float32Array,
    gateUpOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void;

  /** Backward pass of `swiglu`. On entry `out` is the gradient of swiglu's output, on exit that output; `gateUp` becomes its gradient. */
  swigluBackward(
    rows: number,
    hidden: number,
    gateUp: Float32Array,
    gateUpOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void;

  /**
   * losses[r] ← −ln softmax(logits[r])[targets[r]], float64; logits[r] ← scale (softmax(logits[r]) − onehot(targets[r])). Both are 0 where
   * targets[r] < 0.
   */
  crossEntropy(
    rows: number,
    vocab: number,
    scale: number,
    logits: Float32Array,
    logitsOffset: number,
    targets: Int32Array,
    targetsOffset: number,
    losses: Float64Array,
    lossesOffset: number,
  ): void;

  /** out[i] ← x[i] for `count` numbers, which are bfloat16: exactly. */
  widen(count: number, x: Uint16Array, xOffset: number, out: Float32Array, outOffset: number): void;

  /**
   * out[i] ← x[i] in bfloat16: one of the two numbers around it, the farther one from 0 with the probability of x[i]'s distance from the other in
   * units of their gap, to 2⁻¹⁶. Numbers of bfloat16 stay as they are; a NaN stays one. The random number of i depends on i and the two
   * keys alone, whole numbers of 32 bits.
   */
  roundAtRandom(
    count: number,
    x: Float32Array,
    xOffset: number,
    firstKey: number,
    secondKey: number,
    out: Uint16Array,
    outOffset: number,
  ): void;
}

const TILE = 16;
const BLOCK = 32;
const padded = (n: number): number => Math.ceil(n / TILE) * TILE;

/** Elements of scratch that attention over `length` rows needs: nine padded copies of a head, and two blocks of 32 rows of probabilities. */
export function attentionScratch(length: number, headDim: number): number {
  return 9 * padded(length) * padded(headDim) + 2 * BLOCK * (padded(length) + TILE);
}
