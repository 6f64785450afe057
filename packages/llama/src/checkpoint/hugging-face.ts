import { checkConfig, type LlamaConfig, llamaConfig, type RopeScaling } from "../config.ts";
import { checkWeightType, type WeightType } from "../weights/weights.ts";
import { KINDS, type Kind, kindOf } from "./kinds.ts";
import { checkSupported, rotarySettings, type Settings } from "./supported.ts";

/** Contents of a `config.json` for Hugging Face transformers. */
export type HuggingFaceConfig = Settings;

/** Keys of `config.json` for the fields of a config that are written as they are. */
const KEYS = {
  vocabSize: "vocab_size",
  dim: "hidden_size",
  layers: "num_hidden_layers",
  heads: "num_attention_heads",
  kvHeads: "num_key_value_heads",
  headDim: "head_dim",
  hidden: "intermediate_size",
  context: "max_position_embeddings",
  normEps: "rms_norm_eps",
  tied: "tie_word_embeddings",
} as const satisfies Partial<Record<keyof LlamaConfig, string>>;

/**
 * Converts a config to the contents of Hugging Face's `config.json`. Of a config that was read from such a file, all keys come back as they
 * were, except those whose values have changed since. Names and layout of the parameters need no conversion.
 *
 * @param dtype - type of the weights beside the file, or `"published"` where they have the types that they came in. A new model's are float32.
 */
export function toHuggingFaceConfig(
  config: LlamaConfig,
  dtype: WeightType | "published" = "float32",
): HuggingFaceConfig {
  checkConfig("toHuggingFaceConfig", config);
  if (dtype !== "published") checkWeightType("toHuggingFaceConfig", dtype);
  const kind = kindOf(config);
  const { published } = config;
  if (published === null || published["model_type"] !== kind) {
    return newFile(config, kind, dtype === "bfloat16" ? dtype : "float32");
  }
  const before = fromHuggingFaceConfig(published);
  const file: Record<string, unknown> = { ...published };
  if (dtype !== "published") file[dtypeKey(published)] = dtype;
  for (const field of fieldsOf(KEYS)) if (config[field] !== before[field]) file[KEYS[field]] = config[field];
  if (config.layers !== before.layers && "layer_types" in file) {
    file["layer_types"] = Array.from({ length: config.layers }, () => "full_attention");
  }
  const sameScaling = JSON.stringify(config.ropeScaling) === JSON.stringify(before.ropeScaling);
  return sameScaling && config.ropeTheta === before.ropeTheta ? file : { ...file, ...rotary(config, published) };
}

/**
 * Converts the contents of a Hugging Face `config.json` to a config: LLaMA (1 to 3.2, SmolLM), Mistral, Qwen2 and Qwen3. Optional keys that
 * are missing take the defaults of transformers' class of that model.
 *
 * @throws {CheckpointError} for another kind of model, or features that are not supported: sliding windows, other activations, biases
 * elsewhere than on queries, keys and values, other scalings of rotary positions than Llama 3's, quantized weights.
 * @throws {ConfigError} for sizes that are missing or do not go together.
 */
export function fromHuggingFaceConfig(file: unknown): LlamaConfig {
  const { json, kind } = checkSupported(file);
  const { defaults, qkvBias, qkNorm } = KINDS[kind];
  const number = (key: string, missing = Number.NaN): number => numberAt(json, key, missing);
  const heads = number("num_attention_heads");
  const settings = rotarySettings(json);
  const headDim = json["head_dim"] == null ? defaults.headDim : number("head_dim");
  const config = llamaConfig({
    vocabSize: number("vocab_size"),
    dim: number("hidden_size"),
    layers: number("num_hidden_layers"),
    heads,
    kvHeads: number("num_key_value_heads", defaults.kvHeads ?? heads),
    ...(headDim !== undefined && { headDim }),
    hidden: number("intermediate_size"),
    context: number("max_position_embeddings", defaults.context),
    ropeTheta: numberAt(settings, "rope_theta", 10_000),
    ropeScaling: settings["rope_type"] === "llama3" ? scaling(settings) : null,
    normEps: number("rms_norm_eps", 1e-6),
    tied: json["tie_word_embeddings"] === true,
    qkvBias,
    qkNorm,
  });
  const isOwn = JSON.stringify(json) === JSON.stringify(newFile(config, kindOf(config), "float32"));
  return isOwn ? config : { ...config, published: json };
}

function scaling(settings: Settings): RopeScaling {
  const number = (key: string): number => numberAt(settings, key, Number.NaN);
  return {
    factor: number("factor"),
    lowFreqFactor: number("low_freq_factor"),
    highFreqFactor: number("high_freq_factor"),
    originalContext: number("original_max_position_embeddings"),
  };
}

function newFile(config: LlamaConfig, kind: Kind, dtype: WeightType): HuggingFaceConfig {
  return {
    architectures: [KINDS[kind].architecture],
    model_type: kind,
    hidden_act: "silu",
    ...Object.fromEntries(fieldsOf(KEYS).map((field) => [KEYS[field], config[field]])),
    ...rotary(config, {}),
    ...KINDS[kind].fixed,
    torch_dtype: dtype,
  };
}

/** Rotary settings in the spelling of `file`: in `rope_parameters`, or in `rope_scaling` with `rope_theta` beside it. */
function rotary({ ropeTheta, ropeScaling }: LlamaConfig, file: Settings): Settings {
  const scaled = ropeScaling && {
    rope_type: "llama3",
    factor: ropeScaling.factor,
    low_freq_factor: ropeScaling.lowFreqFactor,
    high_freq_factor: ropeScaling.highFreqFactor,
    original_max_position_embeddings: ropeScaling.originalContext,
  };
  if (!("rope_parameters" in file)) return { rope_theta: ropeTheta, rope_scaling: scaled };
  return { rope_parameters: { rope_theta: ropeTheta, ...(scaled ?? { rope_type: "default" }) } };
}

/** Key of the weights' type; newer files have the shorter one. */
const dtypeKey = (file: Settings): string => ("dtype" in file ? "dtype" : "torch_dtype");

const fieldsOf = <T extends object>(keys: T): (keyof T)[] => Object.keys(keys) as (keyof T)[];

/** The number at `key`, or `missing` where the key is absent. Other types become NaN, which `llamaConfig` refuses. */
function numberAt(json: Settings, key: string, missing: number): number {
  const value = json[key] ?? missing;
  return typeof value === "number" ? value : Number.NaN;
}
