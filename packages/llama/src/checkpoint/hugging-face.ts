import { headDim, type LlamaConfig, llamaConfig } from "../config.ts";
import { CheckpointError } from "../errors.ts";

/** Contents of a LLaMA's `config.json` for Hugging Face transformers, as this package writes it. */
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

/** Converts a config to the keys of Hugging Face's `config.json`. Names and layout of the parameters need no conversion. */
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
 * Converts a parsed Hugging Face `config.json` to a config. Optional keys that are missing take the defaults of transformers' `LlamaConfig`.
 *
 * @throws {CheckpointError} for another architecture, or features that are not supported: other activations, biases, scaled rotary
 * positions, heads whose width is not `hidden_size / num_attention_heads`. @throws {ConfigError} for sizes that are missing or do not divide.
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

/** Rotary settings: keys at the top of the file, or in `rope_scaling`, or (newer files) in `rope_parameters`. */
function rotary(json: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...json, ...(json["rope_scaling"] ?? {}), ...(json["rope_parameters"] ?? {}) };
}

/** The number at `key`, or `missing` where the key is absent. Other types become NaN, which `llamaConfig` refuses. */
function numberAt(json: Readonly<Record<string, unknown>>, key: string, missing: number): number {
  const value = json[key] ?? missing;
  return typeof value === "number" ? value : Number.NaN;
}

function refuse(expected: string, got: unknown): never {
  throw new CheckpointError("fromHuggingFaceConfig", `expected ${expected}, got ${JSON.stringify(got)}`);
}
