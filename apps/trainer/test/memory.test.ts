import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { safetensorsPieces } from "@sumo/core";
import { fillNormal } from "@sumo/linalg";
import { fromHuggingFaceConfig, parameterShapes } from "@sumo/llama";
import { expect, test } from "vitest";
import { measured, workplace } from "./command-line.ts";

/** SmolLM's width and vocabulary, with 4 layers instead of 30. */
const CONFIG = {
  model_type: "llama",
  vocab_size: 49_152,
  hidden_size: 576,
  num_hidden_layers: 4,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  max_position_embeddings: 2048,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
};

/** Writes a model of random bfloat16 weights. */
function publish(folder: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), JSON.stringify(CONFIG));
  const entries = parameterShapes(fromHuggingFaceConfig(CONFIG)).map(({ name, shape, kind }, stream) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1);
    if (kind !== "norm") fillNormal(data, [0, stream, 0]);
    if (kind !== "norm") for (let i = 0; i < data.length; i++) data[i]! *= 0.02;
    return [name, { shape, data, dtype: "BF16" as const }] as const;
  });
  const file = openSync(join(folder, "model.safetensors"), "w");
  for (const piece of safetensorsPieces(Object.fromEntries(entries))) writeSync(file, piece);
  closeSync(file);
}

/** Bytes that the trainer says it plans. */
function planned(out: string): number {
  const [, size, unit] = /([\d.]+) ([MG])B in all, state included/.exec(out)!;
  return Number(size) * (unit === "G" ? 1e9 : 1e6);
}

test.each([
  ["f32", 4e8, 1.6e8],
  ["bf16", 3e8, 8e7],
] as const)(
  "a process that fine-tunes in %s, saves, samples and goes on takes at most 1.25 times its plan and 250 MB",
  async (weights, least, bytes) => {
    const folder = workplace();
    publish(join(folder, "published"));
    const words =
      "--context 128 --batch 1 --threads 1 --rank 64 --eval-tokens 128 --final-tokens 128 --length 3 --name a";
    const start = [
      "--init",
      "published",
      "--data",
      "text.txt",
      "--weights",
      weights,
      "--steps",
      "2",
      ...words.split(" "),
    ];
    for (const command of [start, ["--resume", "a", "--steps", "3", "--length", "3", "--threads", "1"]]) {
      const { code, out, err, peakBytes } = await measured(folder, ...command);
      expect(err).toBe("");
      expect(code).toBe(0);
      expect(planned(out)).toBeGreaterThan(least);
      expect(peakBytes).toBeLessThan(1.25 * planned(out) + 250e6);
    }
    expect(readFileSync(join(folder, "runs", "a", "model.safetensors")).length).toBeGreaterThan(bytes);
  },
);
