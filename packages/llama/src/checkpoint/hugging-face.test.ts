import { describe, expect, test } from "vitest";
import {
  CheckpointError,
  ConfigError,
  fromHuggingFaceConfig,
  type LlamaConfig,
  llamaConfig,
  toHuggingFaceConfig,
} from "../index.ts";

const CONFIG = llamaConfig({ vocabSize: 13, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 20, context: 6 });

/** Sizes that every file has. */
const required = {
  model_type: "llama",
  vocab_size: 13,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 20,
};

const llama3 = {
  rope_type: "llama3",
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const ropeScaling = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };

/** Files as they are published, and what they say of the model. */
const published: readonly (readonly [string, Readonly<Record<string, unknown>>, Partial<LlamaConfig>])[] = [
  [
    "Llama 3.2 1B",
    {
      architectures: ["LlamaForCausalLM"],
      attention_bias: false,
      attention_dropout: 0,
      bos_token_id: 128000,
      eos_token_id: [128001, 128008, 128009],
      head_dim: 64,
      hidden_act: "silu",
      hidden_size: 2048,
      initializer_range: 0.02,
      intermediate_size: 8192,
      max_position_embeddings: 131072,
      mlp_bias: false,
      model_type: "llama",
      num_attention_heads: 32,
      num_hidden_layers: 16,
      num_key_value_heads: 8,
      pretraining_tp: 1,
      rms_norm_eps: 1e-5,
      rope_scaling: llama3,
      rope_theta: 500000,
      tie_word_embeddings: true,
      torch_dtype: "bfloat16",
      use_cache: true,
      vocab_size: 128256,
    },
    {
      headDim: 64,
      kvHeads: 8,
      context: 131072,
      ropeTheta: 5e5,
      ropeScaling,
      tied: true,
      qkvBias: false,
      qkNorm: false,
    },
  ],
  [
    "Qwen2.5 0.5B",
    {
      architectures: ["Qwen2ForCausalLM"],
      bos_token_id: 151643,
      hidden_act: "silu",
      hidden_size: 896,
      intermediate_size: 4864,
      max_position_embeddings: 32768,
      max_window_layers: 24,
      model_type: "qwen2",
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1000000,
      sliding_window: 32768,
      tie_word_embeddings: true,
      torch_dtype: "bfloat16",
      use_mrope: false,
      use_sliding_window: false,
      vocab_size: 151936,
    },
    { headDim: 64, kvHeads: 2, ropeTheta: 1e6, ropeScaling: null, tied: true, qkvBias: true, qkNorm: false },
  ],
  [
    "Qwen3 0.6B",
    {
      architectures: ["Qwen3ForCausalLM"],
      attention_bias: false,
      head_dim: 128,
      hidden_act: "silu",
      hidden_size: 1024,
      intermediate_size: 3072,
      max_position_embeddings: 40960,
      max_window_layers: 28,
      model_type: "qwen3",
      num_attention_heads: 16,
      num_hidden_layers: 28,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-6,
      rope_scaling: null,
      rope_theta: 1000000,
      sliding_window: null,
      tie_word_embeddings: true,
      torch_dtype: "bfloat16",
      use_sliding_window: false,
      vocab_size: 151936,
    },
    { headDim: 128, dim: 1024, heads: 16, qkvBias: false, qkNorm: true },
  ],
  [
    "Mistral 7B v0.3",
    {
      architectures: ["MistralForCausalLM"],
      hidden_act: "silu",
      hidden_size: 4096,
      intermediate_size: 14336,
      max_position_embeddings: 32768,
      model_type: "mistral",
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_theta: 1000000,
      sliding_window: null,
      tie_word_embeddings: false,
      torch_dtype: "bfloat16",
      vocab_size: 32768,
    },
    { headDim: 128, kvHeads: 8, tied: false, qkvBias: false, qkNorm: false },
  ],
  [
    "SmolLM 135M",
    {
      architectures: ["LlamaForCausalLM"],
      attention_bias: false,
      hidden_act: "silu",
      hidden_size: 576,
      intermediate_size: 1536,
      is_llama_config: true,
      max_position_embeddings: 2048,
      mlp_bias: false,
      model_type: "llama",
      num_attention_heads: 9,
      num_hidden_layers: 30,
      num_key_value_heads: 3,
      rms_norm_eps: 1e-5,
      rope_interleaved: false,
      rope_scaling: null,
      rope_theta: 10000,
      tie_word_embeddings: true,
      torch_dtype: "bfloat16",
      vocab_size: 49152,
    },
    { headDim: 64, kvHeads: 3, context: 2048, ropeTheta: 1e4, tied: true },
  ],
  [
    "the newer spelling of Llama 3",
    {
      ...required,
      head_dim: 4,
      layer_types: ["full_attention", "full_attention"],
      rope_parameters: { ...llama3, rope_theta: 500000 },
      dtype: "bfloat16",
    },
    { headDim: 4, ropeTheta: 5e5, ropeScaling },
  ],
];

describe("a published config.json", () => {
  test.each(published)("of %s is read, and written again with the same keys and values", (_, file, want) => {
    const config = fromHuggingFaceConfig(file);
    expect(config).toMatchObject(want);
    const dtype = "dtype" in file ? "dtype" : "torch_dtype";
    expect(toHuggingFaceConfig(config)).toEqual({ ...file, [dtype]: "float32" });
    expect(toHuggingFaceConfig(config, "published")).toEqual(file);
  });

  test.each(published)("of %s follows the config where that changed", (_, file) => {
    const config = llamaConfig({
      ...fromHuggingFaceConfig(file),
      layers: 3,
      ropeTheta: 77,
      context: 9,
      ropeScaling: null,
    });
    const written = toHuggingFaceConfig(config);
    expect(fromHuggingFaceConfig(written)).toEqual({ ...config, published: written });
    expect(written["model_type"]).toBe(file["model_type"]);
  });
});

describe("config.json", () => {
  test.each<Partial<LlamaConfig>>([
    {},
    { tied: true, ropeTheta: 5e5 },
    { headDim: 6 },
    { ropeScaling },
    { qkvBias: true },
    { qkNorm: true, headDim: 8 },
  ])("of a new model goes there and back: %o", (changes) => {
    const config = llamaConfig({ ...CONFIG, ...changes });
    const file = JSON.parse(JSON.stringify(toHuggingFaceConfig(config)));
    expect(fromHuggingFaceConfig(file)).toEqual(config);
  });

  test("a model whose biases are dropped is of another kind", () => {
    const config = fromHuggingFaceConfig({ ...required, model_type: "qwen2", num_key_value_heads: 2 });
    expect(toHuggingFaceConfig(llamaConfig({ ...config, qkvBias: false }))["model_type"]).toBe("llama");
  });

  test.each<readonly [string, Record<string, unknown>, Partial<LlamaConfig>]>([
    ["llama", {}, { kvHeads: 4, headDim: 4, context: 2048 }],
    ["mistral", { sliding_window: null, num_attention_heads: 8 }, { kvHeads: 8, headDim: 2, context: 131_072 }],
    ["qwen2", { num_attention_heads: 32, hidden_size: 64 }, { kvHeads: 32, headDim: 2, context: 32_768 }],
    ["qwen3", { num_attention_heads: 32 }, { kvHeads: 32, headDim: 128, context: 32_768 }],
  ])("what may be missing takes transformers' defaults: %s", (model_type, keys, want) => {
    const config = fromHuggingFaceConfig({ ...required, model_type, ...keys });
    expect(config).toMatchObject({ ...want, ropeTheta: 10_000, ropeScaling: null, normEps: 1e-6, tied: false });
  });

  test("rotary settings have three spellings", () => {
    const { rope_type: type, ...factors } = llama3;
    for (const keys of [
      { rope_theta: 77, rope_scaling: llama3 },
      { rope_theta: 77, rope_scaling: { type, ...factors } },
      { rope_scaling: null, rope_parameters: { ...llama3, rope_theta: 77 } },
    ]) {
      expect(fromHuggingFaceConfig({ ...required, ...keys })).toMatchObject({ ropeTheta: 77, ropeScaling });
    }
  });

  test.each<readonly [Record<string, unknown>, RegExp]>([
    [{ model_type: "gpt2" }, /model_type llama, mistral, qwen2, qwen3, got "gpt2"/],
    [{ model_type: "mixtral" }, /model_type .*"mixtral"/],
    [{ model_type: "constructor" }, /model_type/],
    [{ hidden_act: "gelu" }, /hidden_act/],
    [{ attention_bias: true }, /attention_bias/],
    [{ mlp_bias: true }, /mlp_bias/],
    [{ model_type: "mistral", sliding_window: 4096 }, /sliding_window/],
    [{ model_type: "mistral" }, /sliding_window/],
    [{ model_type: "qwen2", use_sliding_window: true }, /use_sliding_window/],
    [{ model_type: "qwen3", layer_types: ["full_attention", "sliding_attention"] }, /layer_types/],
    [{ rope_scaling: { type: "linear", factor: 2 } }, /rope_type.*"linear"/],
    [{ rope_scaling: { rope_type: "yarn", factor: 4 } }, /rope_type.*"yarn"/],
    [{ rope_parameters: { rope_type: "dynamic", factor: 4 } }, /rope_type.*"dynamic"/],
    [{ rope_parameters: { full_attention: { rope_type: "default" } } }, /full_attention/],
    [{ rope_scaling: "llama3" }, /rope_scaling/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
    [{ quantization_config: { quant_method: "gptq" } }, /quantization_config/],
  ])("refuses %o, which this model lacks, by name", (change, message) => {
    const read = () => fromHuggingFaceConfig({ ...required, ...change });
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
  });

  test("refuses sizes that are missing, no numbers, or do not divide", () => {
    for (const change of [
      { vocab_size: undefined },
      { hidden_size: "16" },
      { num_attention_heads: 3 },
      { head_dim: "4" },
      { rope_scaling: { rope_type: "llama3", factor: 8 } },
    ]) {
      expect(() => fromHuggingFaceConfig({ ...required, ...change })).toThrow(ConfigError);
    }
    for (const file of [null, "llama", 3, []]) expect(() => fromHuggingFaceConfig(file)).toThrow(CheckpointError);
  });
});
