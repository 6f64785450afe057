import { createWasmEngine, fillNormal } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { referenceLogits } from "../../test/reference-model.ts";
import { CheckpointError, createLlama, llamaConfig, loadTensors, parameterShapes, type Tensor } from "../index.ts";

const engine = createWasmEngine({ bytes: 2 ** 26 });
const CONFIG = llamaConfig({ vocabSize: 13, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 20, context: 6 });

/** Random tensors of the config's shapes, in the form of a parsed file. */
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
    const got = model.createDecoder().feed(tokens);
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
