import { describe, expect, test } from "vitest";
import { CheckpointError, ConfigError, fromHuggingFaceConfig, llamaConfig, toHuggingFaceConfig } from "../index.ts";

const CONFIG = llamaConfig({ vocabSize: 13, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 20, context: 6 });

describe("config.json", () => {
  test("there and back", () => {
    for (const tied of [false, true]) {
      const config = { ...CONFIG, tied, ropeTheta: 5e5 };
      expect(fromHuggingFaceConfig(JSON.parse(JSON.stringify(toHuggingFaceConfig(config))))).toEqual(config);
    }
  });

  const required = {
    model_type: "llama",
    vocab_size: 13,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 20,
  };

  test("what may be missing takes transformers' defaults", () => {
    const config = fromHuggingFaceConfig(required);
    expect(config).toMatchObject({ kvHeads: 4, context: 2048, ropeTheta: 10_000, normEps: 1e-6, tied: false });
  });

  test("newer files keep the rotary base apart", () => {
    const rope_parameters = { rope_type: "default", rope_theta: 77 };
    expect(fromHuggingFaceConfig({ ...required, rope_scaling: null, rope_parameters }).ropeTheta).toBe(77);
  });

  test.each([
    [{ model_type: "gpt2" }],
    [{ hidden_act: "gelu" }],
    [{ attention_bias: true }],
    [{ head_dim: 8 }],
    [{ rope_scaling: { rope_type: "llama3", factor: 8 } }],
    [{ rope_scaling: { type: "linear", factor: 2 } }],
  ])("refuses %o, which this model lacks", (change) => {
    expect(() => fromHuggingFaceConfig({ ...required, ...change })).toThrow(CheckpointError);
  });

  test("refuses sizes that are missing, no numbers, or do not divide", () => {
    for (const change of [{ vocab_size: undefined }, { hidden_size: "16" }, { num_attention_heads: 3 }]) {
      expect(() => fromHuggingFaceConfig({ ...required, ...change })).toThrow(ConfigError);
    }
    for (const file of [null, "llama", 3]) expect(() => fromHuggingFaceConfig(file)).toThrow(CheckpointError);
  });
});
