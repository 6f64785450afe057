import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
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
  let end = 0;
  const entries = parameterShapes(fromHuggingFaceConfig(CONFIG)).map(({ name, shape, kind }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const from = end;
    end += 2 * length;
    return { name, kind, length, entry: { dtype: "BF16", shape, data_offsets: [from, end] } };
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries.map(({ name, entry }) => [name, entry]))));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(join(folder, "model.safetensors"), "w");
  for (const part of [size, header]) writeSync(file, part);
  let state = 1;
  for (const { kind, length } of entries) {
    const numbers = new Uint16Array(length).fill(0x3f80); // 1
    if (kind !== "norm") {
      for (let i = 0; i < length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        numbers[i] = 0x3c80 | ((state >>> 16) & 0x80ff); // ± 0.016 to 0.031
      }
    }
    writeSync(file, new Uint8Array(numbers.buffer));
  }
  closeSync(file);
}

/** Bytes that the trainer says it plans. */
function planned(out: string): number {
  const [, size, unit] = /([\d.]+) ([MG])B in all, state included/.exec(out)!;
  return Number(size) * (unit === "G" ? 1e9 : 1e6);
}

test("a process that fine-tunes, saves, samples and goes on takes at most 1.25 times its plan and 250 MB", async () => {
  const folder = workplace();
  publish(join(folder, "published"));
  const words =
    "--context 128 --batch 1 --threads 1 --rank 64 --eval-tokens 128 --final-tokens 128 --length 3 --name a";
  const start = ["--init", "published", "--data", "text.txt", "--steps", "2", ...words.split(" ")];
  for (const command of [start, ["--resume", "a", "--steps", "3", "--length", "3", "--threads", "1"]]) {
    const { code, out, err, peakBytes } = await measured(folder, ...command);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(planned(out)).toBeGreaterThan(4e8);
    expect(peakBytes).toBeLessThan(1.25 * planned(out) + 250e6);
  }
  expect(readFileSync(join(folder, "runs", "a", "model.safetensors")).length).toBeGreaterThan(1.6e8);
});
