import { createWasmEngine, fillNormal } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import { describe, expect, test } from "vitest";
import {
  CheckpointError,
  ConfigError,
  createLlama,
  fromHuggingFaceConfig,
  llamaConfig,
  loadTensors,
  parameterShapes,
  type Tensor,
  toHuggingFaceConfig,
} from "../src/index.ts";
import { referenceLogits } from "./reference-model.ts";

const engine = createWasmEngine({ bytes: 2 ** 26 });
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

/** Random tensors of the config's shapes, as a file would bring them. */
function randomTensors(): Record<string, Tensor> {
  return Object.fromEntries(
    parameterShapes(CONFIG).map(({ name, shape, kind }, i) => {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      fillNormal(data, [9, i, 0]);
      return [name, { shape, data: kind === "norm" ? data : data.map((x) => x / 4) }];
    }),
  );
}

describe("tensors", () => {
  test("logits of a loaded checkpoint are those of the independent float64 model", () => {
    const tensors = randomTensors();
    const model = createLlama(CONFIG, { engine });
    loadTensors(model, {
      ...tensors,
      "model.layers.0.self_attn.rotary_emb.inv_freq": { shape: [2], data: new Float32Array(2) },
    });
    const tokens = Int32Array.of(3, 1, 4, 1, 5, 9);
    const got = model.createReader().feed(tokens);
    const wide = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, Float64Array.from(data)]));
    const want = referenceLogits(CONFIG, wide, Array.from(tokens)).at(-1)!;
    const error = Math.max(...got.map((x, i) => Math.abs(x - want[i]!)));
    expect(error).toBeLessThanOrEqual(
      ULP.float32 * 6 * CONFIG.layers * CONFIG.hidden * Math.max(...want.map(Math.abs)),
    );
  });

  test("shapes without a model are the model's", () => {
    for (const tied of [false, true]) {
      const model = createLlama({ ...CONFIG, tied }, { engine });
      expect(parameterShapes(model.config)).toEqual(
        model.parameters.map(({ name, shape, kind }) => ({ name, shape, kind })),
      );
    }
  });

  test("a tied model passes over a head", () => {
    const model = createLlama({ ...CONFIG, tied: true }, { engine });
    loadTensors(model, randomTensors());
    expect(model.parameters[0]!.data).toEqual(randomTensors()["model.embed_tokens.weight"]!.data);
  });

  const NAME = "model.layers.1.mlp.up_proj.weight";
  const data = new Float32Array(320);
  test.each<readonly [string, (tensors: Record<string, Tensor>) => void]>([
    ["missing", (tensors) => delete tensors[NAME]],
    ["unknown", (tensors) => (tensors["model.layers.2.mlp.up_proj.weight"] = tensors[NAME]!)],
    ["transposed", (tensors) => (tensors[NAME] = { shape: [16, 20], data })],
    ["too short", (tensors) => (tensors[NAME] = { shape: [20, 16], data: data.subarray(1) })],
    ["not finite", (tensors) => (tensors[NAME] = { shape: [20, 16], data: data.map(() => Number.NaN) })],
    [
      "too large for float32",
      (tensors) => (tensors[NAME] = { shape: [20, 16], data: new Float64Array(320).fill(1e39) }),
    ],
  ])("a tensor that is %s is refused and nothing changes", (_, damage) => {
    const model = createLlama(CONFIG, { engine, seed: 8 });
    const before = model.parameters.map((p) => p.data.slice());
    const tensors = randomTensors();
    damage(tensors);
    expect(() => loadTensors(model, tensors)).toThrow(CheckpointError);
    expect(model.parameters.map((p) => p.data)).toEqual(before);
  });
});
