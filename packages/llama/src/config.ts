import { ConfigError } from "./errors.ts";

/** Sizes and constants of a LLaMA (Touvron et al. 2023). Names in comments are those of Hugging Face's `config.json`. */
export interface LlamaConfig {
  /** Number of tokens (`vocab_size`). */
  readonly vocabSize: number;
  /** Width of the residual stream (`hidden_size`). */
  readonly dim: number;
  /** Number of layers (`num_hidden_layers`). */
  readonly layers: number;
  /** Query heads (`num_attention_heads`); divides `dim`, and `dim / heads` is even. */
  readonly heads: number;
  /** Key and value heads (`num_key_value_heads`); divides `heads`. Fewer than `heads` is grouped-query attention. */
  readonly kvHeads: number;
  /** Width of the feed-forward part (`intermediate_size`). */
  readonly hidden: number;
  /** Longest sequence (`max_position_embeddings`). */
  readonly context: number;
  /** Base of the rotary angles (`rope_theta`). */
  readonly ropeTheta: number;
  /** Added to the mean square in RMSNorm (`rms_norm_eps`). */
  readonly normEps: number;
  /** Whether the head shares the embedding's weights (`tie_word_embeddings`). */
  readonly tied: boolean;
}

const SIZES = ["vocabSize", "dim", "layers", "heads", "kvHeads", "hidden", "context"] as const;

/**
 * Completes a config with defaults and checks it. Defaults: a vocabulary of bytes, width 128, 4 layers, 4 heads, as many key-value heads,
 * `hidden` 8/3 of the width rounded up to a multiple of 32, context 128, theta 10⁴, epsilon 10⁻⁵, an untied head.
 *
 * @throws {ConfigError} for sizes that are not positive whole numbers or do not divide, and for constants out of range.
 */
export function llamaConfig(partial: Partial<LlamaConfig> = {}): LlamaConfig {
  const { vocabSize = 256, dim = 128, layers = 4, heads = 4, context = 128 } = partial;
  const { kvHeads = heads, hidden = Math.ceil((8 * dim) / 3 / 32) * 32 } = partial;
  const { ropeTheta = 10_000, normEps = 1e-5, tied = false } = partial;
  const config: LlamaConfig = {
    vocabSize,
    dim,
    layers,
    heads,
    kvHeads,
    hidden,
    context,
    ropeTheta,
    normEps,
    tied,
  };
  checkConfig(config);
  return config;
}

function checkConfig(config: LlamaConfig): void {
  const refuse = (message: string): never => {
    throw new ConfigError("llamaConfig", message);
  };
  for (const size of SIZES) {
    const value = config[size];
    if (!Number.isSafeInteger(value) || value < 1) refuse(`${size} must be a whole number of at least 1, got ${value}`);
  }
  const { dim, heads, kvHeads, ropeTheta, normEps } = config;
  if (dim % heads !== 0) refuse(`dim must be a multiple of heads, got ${dim} and ${heads}`);
  if ((dim / heads) % 2 !== 0) refuse(`dim / heads must be even for rotary positions, got ${dim} / ${heads}`);
  if (heads % kvHeads !== 0) refuse(`heads must be a multiple of kvHeads, got ${heads} and ${kvHeads}`);
  if (!(ropeTheta > 0 && ropeTheta < Infinity)) refuse(`ropeTheta must be positive and finite, got ${ropeTheta}`);
  if (!(normEps > 0 && normEps < Infinity)) refuse(`normEps must be positive and finite, got ${normEps}`);
}

/** Width of one head. */
export const headDim = ({ dim, heads }: LlamaConfig): number => dim / heads;

/** Width of a row of queries, keys and values. */
export const qkvWidth = (config: LlamaConfig): number => config.dim + 2 * config.kvHeads * headDim(config);
