import { headDim, type LlamaConfig, llamaConfig } from "./config.ts";
import { CheckpointError } from "./errors.ts";

/** What this package writes into a Hugging Face LLaMA's `config.json`. */
export interface HuggingFaceConfig {
  readonly architectures: readonly string[];
  readonly model_type: string;
  readonly hidden_act: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly intermediate_size: number;
  readonly max_position_embeddings: number;
  readonly rope_theta: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
  readonly torch_dtype: string;
}

/** The config in Hugging Face's words. The parameters' names and layout are Hugging Face's already. */
export function toHuggingFaceConfig(config: LlamaConfig): HuggingFaceConfig {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    vocab_size: config.vocabSize,
    hidden_size: config.dim,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    intermediate_size: config.hidden,
    max_position_embeddings: config.context,
    rope_theta: config.ropeTheta,
    rms_norm_eps: config.normEps,
    tie_word_embeddings: config.tied,
    attention_bias: false,
    mlp_bias: false,
    torch_dtype: "float32",
  };
}

/**
 * The config that a parsed `config.json` describes. Keys that may be missing take transformers' defaults (`LlamaConfig` there).
 *
 * @throws {CheckpointError} for another kind of model, or what this one lacks: another activation, biases, scaled rotary positions,
 * heads whose width is not `hidden_size / num_attention_heads`. @throws {ConfigError} for sizes that are missing or do not divide.
 */
export function fromHuggingFaceConfig(file: unknown): LlamaConfig {
  if (typeof file !== "object" || file === null) refuse("an object", file);
  const json = file as Readonly<Record<string, unknown>>;
  checkKind(json);
  const size = (key: string, missing = Number.NaN): number => numberAt(json, key, missing);
  const heads = size("num_attention_heads");
  const config = llamaConfig({
    vocabSize: size("vocab_size"),
    dim: size("hidden_size"),
    layers: size("num_hidden_layers"),
    heads,
    kvHeads: size("num_key_value_heads", heads),
    hidden: size("intermediate_size"),
    context: size("max_position_embeddings", 2048),
    ropeTheta: numberAt(rotary(json), "rope_theta", 10_000),
    normEps: size("rms_norm_eps", 1e-6),
    tied: json["tie_word_embeddings"] === true,
  });
  const width = headDim(config);
  if ((json["head_dim"] ?? width) !== width) refuse(`head_dim ${width}`, json["head_dim"]);
  return config;
}

function checkKind(json: Readonly<Record<string, unknown>>): void {
  if (json["model_type"] !== "llama") refuse('model_type "llama"', json["model_type"]);
  if ((json["hidden_act"] ?? "silu") !== "silu") refuse('hidden_act "silu"', json["hidden_act"]);
  for (const bias of ["attention_bias", "mlp_bias"]) if (json[bias] === true) refuse(`${bias} false`, true);
  const { rope_type: kind = "default", type = kind } = rotary(json);
  if (type !== "default") refuse("rotary positions that are not scaled", type);
}

/** Where rotary settings stand: at the top, or in `rope_scaling` or `rope_parameters`, as in newer files. */
function rotary(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...json, ...(json["rope_scaling"] ?? {}), ...(json["rope_parameters"] ?? {}) };
}

/** The number at `key`, `missing` where there is none. What is no number becomes NaN, which the config's own check refuses. */
function numberAt(json: Readonly<Record<string, unknown>>, key: string, missing: number): number {
  const value = json[key] ?? missing;
  return typeof value === "number" ? value : Number.NaN;
}

function refuse(expected: string, got: unknown): never {
  throw new CheckpointError("fromHuggingFaceConfig", `expected ${expected}, got ${JSON.stringify(got)}`);
}
