import { describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../checkpoint/safetensors.ts";
import { OptimizerOptionError, ParameterError } from "../errors.ts";
import { combined, EPS32, flat, frobenius, type Rows, random, unflat, withSpectrum } from "../testing/dense.ts";
import { type Adapter, extractAdapter, mergeAdapter } from "./adapter.ts";
import { peftAdapter, peftFiles } from "./peft.ts";

const SPECTRUM = [4, 2, 1, 0.5, 0.25];
const TOTAL = SPECTRUM.reduce((sum, s) => sum + s * s, 0);
const base = random(9, 6, 1);
const change = withSpectrum(9, 6, SPECTRUM, 2);
const tuned = combined(1, base, 1, change).map((row) => row.map(Math.fround));
const tensor = (rows: Rows) => ({ shape: [rows.length, rows[0]!.length], data: flat(rows) });
/** Rounding of the weights, seen by the change. */
const TOLERANCE = 4 * EPS32 * (frobenius(base) + frobenius(tuned));

describe("extractAdapter", () => {
  test.each([1, 2, 3, 5])("rank %d keeps exactly the leading energy, and merging misses exactly the rest", (rank) => {
    const adapter = extractAdapter(tensor(base), tensor(tuned), { rank });
    const kept = SPECTRUM.slice(0, rank).reduce((sum, s) => sum + s * s, 0);
    expect(Math.abs(adapter.energyKept - kept / TOTAL)).toBeLessThanOrEqual(TOLERANCE);
    const merged = unflat(9, 6, mergeAdapter(tensor(base), adapter));
    const missing = frobenius(combined(1, tuned, -1, merged));
    expect(Math.abs(missing - Math.sqrt(TOTAL - kept))).toBeLessThanOrEqual(TOLERANCE);
  });

  test("an energy gives the smallest rank that keeps it", () => {
    const rankFor = (energy: number) => extractAdapter(tensor(base), tensor(tuned), { energy }).rank;
    expect([0.5, 16 / TOTAL + 0.001, 20 / TOTAL + 0.001].map(rankFor)).toEqual([1, 2, 3]);
  });

  test("no change is an adapter of zeros that keeps everything", () => {
    const adapter = extractAdapter(tensor(base), tensor(base), { rank: 2 });
    expect(adapter.energyKept).toBe(1);
    expect(mergeAdapter(tensor(base), adapter)).toEqual(flat(base));
  });

  test("the rank is clamped to the shorter side", () => {
    expect(extractAdapter(tensor(base), tensor(tuned), { rank: 99 }).rank).toBe(6);
  });

  test("bad input", () => {
    const t = tensor(base);
    expect(() => extractAdapter(t, tensor(random(6, 9, 1)), { rank: 1 })).toThrow(ParameterError);
    expect(() => extractAdapter({ ...t, shape: [54] }, t, { rank: 1 })).toThrow(ParameterError);
    for (const size of [{ rank: 0 }, { rank: 1.5 }, { energy: 0 }, { energy: 2 }]) {
      expect(() => extractAdapter(t, t, size)).toThrow(OptimizerOptionError);
    }
    const adapter = extractAdapter(t, tensor(tuned), { rank: 1 });
    expect(() => mergeAdapter(tensor(random(6, 9, 1)), adapter)).toThrow(ParameterError);
  });
});

describe("peftFiles", () => {
  const q = extractAdapter(tensor(base), tensor(tuned), { rank: 2 });
  const o = extractAdapter(tensor(base), tensor(tuned), { rank: 4 });
  const files = peftFiles(
    { "model.layers.0.self_attn.q_proj.weight": q, "model.layers.0.self_attn.o_proj.weight": o },
    { baseModel: "base" },
  );

  test("merging as PEFT does, W + (alpha / r) B A by the file's own numbers, gives the merged weight", () => {
    const { tensors } = readSafetensors(files["adapter_model.safetensors"]);
    const config = JSON.parse(files["adapter_config.json"]);
    for (const [name, adapter] of [
      ["q_proj", q],
      ["o_proj", o],
    ] as const) {
      const module = `model.layers.0.self_attn.${name}`;
      const a = tensors[`base_model.model.${module}.lora_A.weight`]!;
      const b = tensors[`base_model.model.${module}.lora_B.weight`]!;
      const scaling = (config.alpha_pattern[module] ?? config.lora_alpha) / (config.rank_pattern[module] ?? config.r);
      expect([a.shape, b.shape]).toEqual([
        [adapter.rank, 6],
        [9, adapter.rank],
      ]);
      const read: Adapter = {
        ...adapter,
        a: a.data as Float32Array,
        b: (b.data as Float32Array).map((x) => scaling * x),
      };
      expect(mergeAdapter(tensor(base), read)).toEqual(mergeAdapter(tensor(base), adapter));
    }
  });

  test("the configuration names every module", () => {
    expect(JSON.parse(files["adapter_config.json"])).toMatchObject({
      peft_type: "LORA",
      r: 4,
      lora_alpha: 4,
      rank_pattern: { "model.layers.0.self_attn.q_proj": 2 },
      target_modules: ["model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.o_proj"],
      base_model_name_or_path: "base",
      fan_in_fan_out: false,
    });
  });

  test("what is read is what was written: changes, whole weights, biases", () => {
    const weights = {
      "model.norm.weight": { shape: [3], data: Float32Array.of(1, 2, 3) },
      "lm_head.weight": tensor(random(4, 3, 5)),
      "model.layers.0.self_attn.q_proj.bias": { shape: [9], data: new Float32Array(9).fill(2) },
    };
    const changes = { "model.layers.0.self_attn.q_proj.weight": q, "model.layers.0.self_attn.o_proj.weight": o };
    const whole = peftFiles(changes, { baseModel: "base", weights });
    const read = peftAdapter(whole);
    expect(read.weights).toEqual(weights);
    for (const [name, { a, b, rank, shape }] of Object.entries(changes)) {
      expect(read.changes[name]).toEqual({ a, b, rank, shape });
    }
    expect(JSON.parse(whole["adapter_config.json"])).toMatchObject({
      modules_to_save: ["model.norm", "lm_head"],
      bias: "all",
    });
    const keys = Object.keys(readSafetensors(whole["adapter_model.safetensors"]).tensors);
    expect(keys).toContain("base_model.model.lm_head.weight");
    expect(keys).toContain("base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias");
  });

  test.each<readonly [Record<string, unknown>, number, number]>([
    [{ lora_alpha: 8 }, 2, 4],
    [{ lora_alpha: 8, use_rslora: true }, 4, 8 / Math.sqrt(2)],
    [{ lora_alpha: 8, alpha_pattern: { q_proj: 6 } }, 2, 3],
    [{ lora_alpha: 8, alpha_pattern: { "layers\\.0\\..*\\.[qk]_proj": 6, proj: 1 } }, 2, 3],
    [{ lora_alpha: 8, alpha_pattern: null, rank_pattern: null }, 2, 4],
  ])("scalings of PEFT are in the change: %o", (keys, forFour, forTwo) => {
    const config = JSON.stringify({ ...JSON.parse(files["adapter_config.json"]), alpha_pattern: {}, ...keys });
    const { changes } = peftAdapter({ ...files, "adapter_config.json": config });
    const { b } = changes["model.layers.0.self_attn.q_proj.weight"]!;
    expect(b).toEqual(q.b.map((x) => forTwo * x));
    expect(changes["model.layers.0.self_attn.o_proj.weight"]!.b).toEqual(o.b.map((x) => forFour * x));
  });

  test("other kinds of adapters, and files that do not fit each other, are refused by name", () => {
    const config = JSON.parse(files["adapter_config.json"]);
    for (const [keys, message] of [
      [{ peft_type: "IA3" }, /peft_type "LORA", got IA3/],
      [{ use_dora: true }, /use_dora false, got true/],
      [{ fan_in_fan_out: true }, /fan_in_fan_out/],
      [{ lora_alpha: "8" }, /lora_alpha/],
    ] as const) {
      const changed = { ...files, "adapter_config.json": JSON.stringify({ ...config, ...keys }) };
      expect(() => peftAdapter(changed)).toThrow(ParameterError);
      expect(() => peftAdapter(changed)).toThrow(message);
    }
    for (const text of ["", "[]", "{"]) {
      expect(() => peftAdapter({ ...files, "adapter_config.json": text })).toThrow(/adapter_config.json/);
    }
    const { tensors } = readSafetensors(files["adapter_model.safetensors"]);
    const [name] = Object.keys(tensors).filter((key) => key.includes("q_proj.lora_A"));
    const { [name!]: a, ...rest } = tensors;
    const other = name!.replace("lora_A", "lora_B");
    const { [other]: _, ...halves } = tensors;
    for (const changed of [
      rest, // its other half is left
      halves,
      {},
      { ...tensors, [name!]: { ...a!, shape: [6, 2] } },
      { ...tensors, "base_model.model.model.embed_tokens.lora_embedding_A": a! },
      { ...tensors, [name!.replace("lora_A.weight", "lora_magnitude_vector")]: a! },
      { ...tensors, "model.norm.weight": a! },
    ]) {
      const file = writeSafetensors(changed);
      expect(() => peftAdapter({ ...files, "adapter_model.safetensors": file })).toThrow(ParameterError);
    }
  });

  test("bad input", () => {
    expect(() => peftFiles({}, { baseModel: "base" })).toThrow(ParameterError);
    expect(() => peftFiles({ "model.q_proj": q }, { baseModel: "base" })).toThrow(ParameterError);
    for (const name of ["a.weight", "b.bias", "c"]) {
      const weights = { [name]: tensor(base) };
      expect(() => peftFiles({ "a.weight": q }, { baseModel: "base", weights })).toThrow(ParameterError);
    }
    const weights = { "norm.weight": {} } as never;
    expect(() => peftFiles({ "a.weight": q }, { baseModel: "base", weights })).toThrow(ParameterError);
  });
});
