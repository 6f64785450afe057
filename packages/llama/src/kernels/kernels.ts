/** Shape of one attention call: `batch` sequences of `length` rows. */
export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** cos and sin of position × frequency, [context, headDim / 2]. */
export interface Rotation {
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/**
 * The kernels of the model beside the engine's products. The contract of each is written once, here; the reference kernels are its
 * executable definition.
 *
 * Common to all: arrays lie in the engine's heap; float32 unless said otherwise; rows are contiguous, and an offset (in elements)
 * says where the first begins; nothing is checked; outputs do not overlap inputs unless said otherwise; NaN goes through.
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

  /** dWeight ← Σ_r dOut[r] · x[r] · inverse[r], from the arrays' beginnings. */
  rmsNormWeightGradient(
    rows: number,
    dim: number,
    x: Float32Array,
    inverse: Float32Array,
    dOut: Float32Array,
    dWeight: Float32Array,
  ): void;

  /**
   * Causal attention with rotary positions. A row of `qkv` is `heads` queries, `kvHeads` keys, `kvHeads` values, each `headDim` wide;
   * row i of a sequence has position i. Queries and keys are turned in rotate-half convention: halves (x, y) of a head become
   * (x cos − y sin, y cos + x sin). Query head h sees key head ⌊h kvHeads / heads⌋. out: rows of heads × headDim,
   * softmax(q kᵀ / √headDim) v over the rows up to its own.
   *
   * Only rows `start` and on of each sequence are computed. `stats` keeps, at 2 ((sequence · heads + head) · length + row), the row's
   * largest score and the inverse of its sum of exponentials. `scratch`: `attentionScratch(length, headDim)` elements of garbage.
   */
  attention(
    shape: AttentionShape,
    start: number,
    rotation: Rotation,
    qkv: Float32Array,
    qkvOffset: number,
    out: Float32Array,
    outOffset: number,
    stats: Float32Array,
    statsOffset: number,
    scratch: Float32Array,
  ): void;

  /** The gradient of `attention` from row 0: `qkv`, read first, becomes its own gradient. `out` and `stats` are what `attention` left. */
  attentionBackward(
    shape: AttentionShape,
    rotation: Rotation,
    qkv: Float32Array,
    qkvOffset: number,
    out: Float32Array,
    dOut: Float32Array,
    outOffset: number,
    stats: Float32Array,
    statsOffset: number,
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

  /** On entry `out` is the gradient of swiglu's output; on exit `gateUp` is its own gradient and `out` is swiglu's output again. */
  swigluBackward(
    rows: number,
    hidden: number,
    gateUp: Float32Array,
    gateUpOffset: number,
    out: Float32Array,
    outOffset: number,
  ): void;

  /** losses[r] ← −ln softmax(logits[r])[targets[r]], float64; logits[r] ← scale (softmax(logits[r]) − onehot(targets[r])). */
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
}

const TILE = 16;
const BLOCK = 32;
const padded = (n: number): number => Math.ceil(n / TILE) * TILE;

/** Elements of scratch for attention over `length` rows: nine padded copies of a head, and two blocks of 32 rows of probabilities. */
export function attentionScratch(length: number, headDim: number): number {
  return 9 * padded(length) * padded(headDim) + 2 * BLOCK * (padded(length) + TILE);
}
