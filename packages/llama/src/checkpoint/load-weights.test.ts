import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWasmEngine, fillNormal } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { referenceLogits, toTensors } from "../../test/reference-model.ts";
import { type Stored, safetensors } from "../../test/safetensors.ts";
import {
  bytesFile,
  CheckpointError,
  createLlama,
  fromHuggingFaceConfig,
  type LlamaConfig,
  llamaConfig,
  loadWeights,
  type ParameterShape,
  parameterShapes,
  shardNames,
  type WeightFile,
} from "../index.ts";

const engine = createWasmEngine({ bytes: 2 ** 26, shared: true });
const CONFIG = llamaConfig({ vocabSize: 13, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 20, context: 6 });

type Encode = (numbers: Float32Array) => ArrayBufferView;
/** Bit patterns of numbers that the 16-bit types hold exactly: their upper halves as bfloat16. */
const ENCODE: Readonly<Record<string, Encode>> = {
  F32: (numbers) => numbers,
  F64: (numbers) => Float64Array.from(numbers),
  BF16: (numbers) => Uint16Array.from(new Uint32Array(numbers.slice().buffer), (bits) => bits >>> 16),
  F16: (numbers) => Uint16Array.from(numbers, binary16),
};

/** IEEE 754 binary16 of a number that it holds exactly. */
function binary16(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024);
}

/** Multiples of 1/64 below 2, with few bits, subnormal float16 among them. */
function numbersOf({ shape }: ParameterShape, stream: number): Float32Array {
  const numbers = new Float32Array(shape.reduce((product, size) => product * size, 1));
  fillNormal(numbers, [9, stream, 0]);
  return numbers.map((x, i) =>
    i % 7 === 3 ? Math.sign(x) * 2 ** -20 : Math.max(-127, Math.min(127, Math.round(24 * x))) / 64,
  );
}

const tensorsOf = (config: LlamaConfig, dtype: string): Record<string, Stored> =>
  Object.fromEntries(
    parameterShapes(config).map((parameter, i) => {
      const { name, shape } = parameter;
      return [name, { dtype, shape, data: ENCODE[dtype]!(numbersOf(parameter, i)) }];
    }),
  );

const valuesOf = (config: LlamaConfig): Float32Array[] => parameterShapes(config).map(numbersOf);

describe("weights", () => {
  test.each(Object.keys(ENCODE))("of %s are read to the bit, subnormals among them", (dtype) => {
    const weights = [bytesFile(safetensors(tensorsOf(CONFIG, dtype)))];
    const model = createLlama(CONFIG, { engine });
    loadWeights(model, weights);
    const loaded = createLlama(CONFIG, { engine, weights });
    for (const { parameters } of [model, loaded]) {
      expect(parameters.map(({ data }) => data.slice())).toEqual(valuesOf(CONFIG));
    }
    model.dispose();
    loaded.dispose();
  });

  test("come from shards on disk, a tensor at a time, with each byte read once", () => {
    const folder = mkdtempSync(join(tmpdir(), "shards-"));
    const tensors = Object.entries(tensorsOf(CONFIG, "BF16"));
    const weight_map: Record<string, string> = {};
    const parts = [tensors.slice(0, 5), tensors.slice(5)].map((part, i) => {
      const file = `model-0000${i + 1}-of-00002.safetensors`;
      for (const [name] of part) weight_map[name] = file;
      writeFileSync(join(folder, file), safetensors(Object.fromEntries(part)));
      return file;
    });
    const names = shardNames({ metadata: { total_size: 1 }, weight_map });
    expect(names).toEqual(parts);
    const handles = names.map((name) => openSync(join(folder, name), "r"));
    let bytes = 0;
    const files = handles.map(
      (handle): WeightFile => ({
        size: fstatSync(handle).size,
        read: (into, position) => {
          bytes += readSync(handle, into, 0, into.length, position);
        },
      }),
    );
    const model = createLlama(CONFIG, { engine });
    loadWeights(model, files);
    expect(model.parameters.map(({ data }) => data.slice())).toEqual(valuesOf(CONFIG));
    expect(bytes).toBe(files.reduce((sum, { size }) => sum + size, 0));
    model.dispose();
    for (const handle of handles) closeSync(handle);
    rmSync(folder, { recursive: true });
  });

  test("longer than a piece are read in pieces that are small", () => {
    const config = llamaConfig({ ...CONFIG, vocabSize: 20_000, layers: 1 });
    const bytes = bytesFile(safetensors(tensorsOf(config, "F16")));
    let longest = 0;
    const file: WeightFile = {
      size: bytes.size,
      read: (into, position) => {
        longest = Math.max(longest, into.length);
        bytes.read(into, position);
      },
    };
    const model = createLlama(config, { engine });
    loadWeights(model, [file]);
    expect(model.parameters.map(({ data }) => data.slice())).toEqual(valuesOf(config));
    expect(longest).toBeLessThanOrEqual(2 ** 19);
    model.dispose();
  });

  const NAME = "model.layers.1.mlp.up_proj.weight";
  const tensor = (data: ArrayBufferView, dtype = "F32", shape = [20, 16]): Stored => ({ dtype, shape, data });
  test.each<readonly [string, (tensors: Record<string, Stored>) => void]>([
    ["missing", (tensors) => delete tensors[NAME]],
    ["unknown", (tensors) => (tensors["model.layers.2.mlp.up_proj.weight"] = tensors[NAME]!)],
    ["a bias that the model lacks", (tensors) => (tensors["model.layers.0.self_attn.o_proj.bias"] = tensors[NAME]!)],
    ["transposed", (tensors) => (tensors[NAME] = tensor(new Float32Array(320), "F32", [16, 20]))],
    ["too short", (tensors) => (tensors[NAME] = tensor(new Float32Array(319)))],
    ["of whole numbers", (tensors) => (tensors[NAME] = tensor(new Int32Array(320), "I32"))],
  ])("one that is %s is refused and nothing changes", (_, damage) => {
    const model = createLlama(CONFIG, { engine, seed: 8 });
    const before = model.parameters.map(({ data }) => data.slice());
    const tensors = tensorsOf(CONFIG, "F32");
    damage(tensors);
    const weights = [bytesFile(safetensors(tensors))];
    expect(() => loadWeights(model, weights)).toThrow(CheckpointError);
    expect(model.parameters.map(({ data }) => data.slice())).toEqual(before);
    const used = engine.heap.usedBytes;
    expect(() => createLlama(CONFIG, { engine, weights })).toThrow(CheckpointError);
    expect(engine.heap.usedBytes).toBe(used);
    model.dispose();
  });

  test("a file that is damaged, or has a tensor twice, is refused and nothing changes", () => {
    const model = createLlama(CONFIG, { engine, seed: 8 });
    const before = model.parameters.map(({ data }) => data.slice());
    const whole = safetensors(tensorsOf(CONFIG, "F32"));
    const noJson = whole.slice().fill(0x20, 8, 40);
    const long = whole.slice().fill(0xff, 0, 8);
    const damaged = [
      new Uint8Array(0),
      whole.subarray(0, 7),
      whole.subarray(0, 100),
      whole.subarray(0, -1),
      noJson,
      long,
    ];
    for (const files of [...damaged.map((bytes) => [bytes]), [whole, whole]]) {
      expect(() => loadWeights(model, files.map(bytesFile))).toThrow(CheckpointError);
      expect(model.parameters.map(({ data }) => data.slice())).toEqual(before);
    }
    model.dispose();
  });

  test.each([
    ["F32", Float32Array.of(Number.NaN)],
    ["F64", Float64Array.of(1e39)],
    ["BF16", Uint16Array.of(0x7f80)],
    ["F16", Uint16Array.of(0xfc00)],
    ["F16", Uint16Array.of(0x7e00)],
  ] as const)("a %s that is not finite is refused with its place: %o", (dtype, odd) => {
    const tensors = tensorsOf(CONFIG, dtype);
    const { shape, data } = tensors[NAME]!;
    const damaged = (data as typeof odd).slice();
    damaged[17] = odd[0]!;
    const model = createLlama(CONFIG, { engine });
    const load = () =>
      loadWeights(model, [bytesFile(safetensors({ ...tensors, [NAME]: { dtype, shape, data: damaged } }))]);
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(new RegExp(`${NAME}.* at 17`));
    model.dispose();
  });

  test("an index of something else is refused", () => {
    const maps = [
      {},
      { a: 3 },
      { a: "../x.safetensors" },
      { a: "/x.safetensors" },
      { a: "C:x.safetensors" },
      { a: "x.bin" },
    ];
    for (const index of [null, {}, 3, ...maps.map((weight_map) => ({ weight_map }))]) {
      expect(() => shardNames(index)).toThrow(CheckpointError);
    }
  });
});

describe("logits of a published model's shape are those of the float64 formulas", () => {
  const sizes = {
    vocab_size: 40,
    hidden_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
  };
  const llama3 = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
  test.each<readonly [string, Record<string, unknown>]>([
    [
      "Llama 3",
      { model_type: "llama", rope_theta: 5e5, rope_scaling: { ...llama3, original_max_position_embeddings: 32 } },
    ],
    ["Qwen2", { model_type: "qwen2", rope_theta: 1e6, tie_word_embeddings: true }],
    ["Qwen3", { model_type: "qwen3", rope_theta: 1e6, head_dim: 16, tie_word_embeddings: true }],
    ["Mistral", { model_type: "mistral", sliding_window: null, head_dim: 8 }],
  ])("%s, within 1e-4", (_, keys) => {
    const config = fromHuggingFaceConfig({ ...sizes, intermediate_size: 36, max_position_embeddings: 4096, ...keys });
    const model = createLlama(config, { engine });
    loadWeights(model, [bytesFile(safetensors(tensorsOf(config, "BF16")))]);
    const tokens = Int32Array.from({ length: 40 }, (_, i) => (7 * i) % 40);
    const want = referenceLogits(config, toTensors(model.parameters), Array.from(tokens));
    const decoder = model.createDecoder();
    tokens.forEach((token, i) => {
      const got = decoder.feed(Int32Array.of(token));
      const error = Math.max(...got.map((x, j) => Math.abs(x - want[i]![j]!)));
      expect(error).toBeLessThanOrEqual(1e-4 * Math.max(...want[i]!.map(Math.abs)));
    });
    decoder.dispose();
    model.dispose();
  });
});
