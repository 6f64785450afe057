import { describe, type OptionKinds } from "@sumo/linalg";
import { checkOptions } from "./arguments.ts";
import { ConfigError } from "./errors.ts";

/** Sizes and constants of a LLaMA (Touvron et al. 2023). Names in comments are those of Hugging Face's `config.json`. */
export interface LlamaConfig {
  /** Number of tokens (`vocab_size`). */
  readonly vocabSize: number;
  /** Width of the residual stream (`hidden_size`). */
  readonly dim: number;
  /** Number of layers (`num_hidden_layers`). */
  readonly layers: number;
  /** Query heads (`num_attention_heads`). */
  readonly heads: number;
  /** Key and value heads (`num_key_value_heads`); divides `heads`. Fewer than `heads` is grouped-query attention. */
  readonly kvHeads: number;
  /** Width of a head (`head_dim`), even. */
  readonly headDim: number;
  /** Width of the feed-forward part (`intermediate_size`). */
  readonly hidden: number;
  /** Longest sequence (`max_position_embeddings`). */
  readonly context: number;
  /** Base of the rotary angles (`rope_theta`). */
  readonly ropeTheta: number;
  /** Stretch of the rotary angles to longer sequences (`rope_scaling`), or null. */
  readonly ropeScaling: RopeScaling | null;
  /** Added to the mean square in RMSNorm (`rms_norm_eps`). */
  readonly normEps: number;
  /** Whether the head shares the embedding's weights (`tie_word_embeddings`). */
  readonly tied: boolean;
  /** Whether queries, keys and values have biases, as Qwen2's have. */
  readonly qkvBias: boolean;
  /** Whether each head's queries and keys pass through an RMSNorm before they are rotated, as Qwen3's do. Excludes `qkvBias`. */
  readonly qkNorm: boolean;
  /** The `config.json` that the config was read from, which `toHuggingFaceConfig` writes again; null for a model that began here. */
  readonly published: Readonly<Record<string, unknown>> | null;
}

/**
 * Llama 3.1's stretch of the rotary angles: frequencies of wavelengths above `originalContext / lowFreqFactor` are divided by `factor`, those
 * below `originalContext / highFreqFactor` are kept, those between are interpolated.
 */
export interface RopeScaling {
  /** At least 1. */
  readonly factor: number;
  readonly lowFreqFactor: number;
  /** Larger than `lowFreqFactor`. */
  readonly highFreqFactor: number;
  /** Context before the stretch (`original_max_position_embeddings`). */
  readonly originalContext: number;
}

const KINDS: OptionKinds<LlamaConfig> = {
  vocabSize: "number",
  dim: "number",
  layers: "number",
  heads: "number",
  kvHeads: "number",
  headDim: "number",
  hidden: "number",
  context: "number",
  ropeTheta: "number",
  ropeScaling: "any",
  normEps: "number",
  tied: "boolean",
  qkvBias: "boolean",
  qkNorm: "boolean",
  published: "any",
};
const SCALING_KINDS: OptionKinds<RopeScaling> = {
  factor: "number",
  lowFreqFactor: "number",
  highFreqFactor: "number",
  originalContext: "number",
};
const SIZES = ["vocabSize", "dim", "layers", "heads", "kvHeads", "headDim", "hidden", "context"] as const;

/**
 * Completes a config with defaults and checks it. Defaults: a vocabulary of bytes, width 128, 4 layers, 4 heads, as many key-value heads,
 * `headDim` the width divided by the heads, `hidden` 8/3 of the width rounded up to a multiple of 32, context 128, theta 10⁴, epsilon 10⁻⁵,
 * an untied head, neither scaled positions nor biases nor norms of queries and keys.
 *
 * @throws {ConfigError} for sizes that are not positive whole numbers or do not divide, and for constants out of range.
 */
export function llamaConfig(partial: Partial<LlamaConfig> = {}): LlamaConfig {
  checkOptions<Partial<LlamaConfig>>("llamaConfig", partial, KINDS);
  const { vocabSize = 256, dim = 128, layers = 4, heads = 4, context = 128 } = partial;
  const { kvHeads = heads, headDim = widthOfHeads(dim, heads), hidden = Math.ceil((8 * dim) / 3 / 32) * 32 } = partial;
  const { ropeTheta = 10_000, ropeScaling = null, normEps = 1e-5, tied = false } = partial;
  const { qkvBias = false, qkNorm = false, published = null } = partial;
  const config: LlamaConfig = {
    vocabSize,
    dim,
    layers,
    heads,
    kvHeads,
    headDim,
    hidden,
    context,
    ropeTheta,
    ropeScaling,
    normEps,
    tied,
    qkvBias,
    qkNorm,
    published,
  };
  checkConfig("llamaConfig", config);
  return config;
}

/** Width of heads that share `dim`. @throws {ConfigError} if they cannot, and no width is given. */
function widthOfHeads(dim: number, heads: number): number {
  if (Number.isSafeInteger(dim) && Number.isSafeInteger(heads) && heads > 0 && dim % heads !== 0) {
    refuse("llamaConfig", `dim must be a multiple of heads where headDim is not given, got ${dim} and ${heads}`);
  }
  return dim / heads;
}

/** Checks a complete config. @throws {ConfigError} */
export function checkConfig(operation: string, config: LlamaConfig): void {
  checkOptions(operation, config, KINDS);
  for (const size of SIZES) {
    const value = config[size];
    if (!Number.isSafeInteger(value) || value < 1) {
      refuse(operation, `${size} must be a whole number of at least 1, got ${value}`);
    }
  }
  const { heads, kvHeads, headDim, ropeTheta, ropeScaling, normEps, qkvBias, qkNorm, published } = config;
  if (headDim % 2 !== 0) refuse(operation, `headDim must be even for rotary positions, got ${headDim}`);
  if (heads % kvHeads !== 0) refuse(operation, `heads must be a multiple of kvHeads, got ${heads} and ${kvHeads}`);
  if (!isPositive(ropeTheta)) refuse(operation, `ropeTheta must be positive and finite, got ${ropeTheta}`);
  if (ropeScaling !== null) checkScaling(operation, ropeScaling);
  if (!isPositive(normEps)) refuse(operation, `normEps must be positive and finite, got ${normEps}`);
  if (qkvBias && qkNorm) refuse(operation, "qkvBias and qkNorm exclude each other, got both");
  if (typeof published !== "object")
    refuse(operation, `published must be an object or null, got ${describe(published)}`);
}

function checkScaling(operation: string, scaling: RopeScaling): void {
  checkOptions(operation, scaling, SCALING_KINDS);
  const { factor, lowFreqFactor, highFreqFactor, originalContext } = scaling;
  if (!(factor >= 1 && factor < Infinity)) {
    refuse(operation, `ropeScaling.factor must be finite and at least 1, got ${factor}`);
  }
  if (!isPositive(lowFreqFactor)) refuse(operation, `ropeScaling.lowFreqFactor must be positive, got ${lowFreqFactor}`);
  if (!(highFreqFactor > lowFreqFactor && highFreqFactor < Infinity)) {
    refuse(operation, `ropeScaling.highFreqFactor must be larger than ${lowFreqFactor}, got ${highFreqFactor}`);
  }
  if (!isPositive(originalContext)) {
    refuse(operation, `ropeScaling.originalContext must be positive, got ${originalContext}`);
  }
}

const isPositive = (x: number): boolean => x > 0 && x < Infinity;

function refuse(operation: string, message: string): never {
  throw new ConfigError(operation, message);
}

/** Width of a row of attention's output: all heads. */
export const attendedWidth = ({ heads, headDim }: LlamaConfig): number => heads * headDim;

/** Width of a row of queries, keys and values. */
export const qkvWidth = ({ heads, kvHeads, headDim }: LlamaConfig): number => (heads + 2 * kvHeads) * headDim;
