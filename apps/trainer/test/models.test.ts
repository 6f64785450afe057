import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "@sumo/core";
import { expect, test } from "vitest";
import { logged, losses, run, start, TINY, workplace } from "./command-line.ts";

const BASE = ["--data", "text.txt", ...TINY, "--steps", "20", "--vocab", "270", "--kv-heads", "1", "--name", "base"];
const TUNE = [
  "--data",
  "other.txt",
  "--context",
  "16",
  "--batch",
  "2",
  "--eval-tokens",
  "64",
  "--final-tokens",
  "64",
  "--length",
  "5",
  "--threads",
  "1",
];

function tensors(path: string): Record<string, { shape: readonly number[]; data: Float32Array }> {
  return readSafetensors(readFileSync(path)).tensors as Record<
    string,
    { shape: readonly number[]; data: Float32Array }
  >;
}

test("an exported model is a folder in Hugging Face's layout that says the same as the run", async () => {
  const folder = workplace();
  await run(folder, ...BASE);
  expect((await run(folder, "export", "base", "out")).code).toBe(0);
  expect(readdirSync(join(folder, "out")).sort()).toEqual([
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const config = JSON.parse(readFileSync(join(folder, "out", "config.json"), "utf8"));
  expect(config).toMatchObject({
    model_type: "llama",
    vocab_size: 270,
    num_key_value_heads: 1,
    tie_word_embeddings: false,
  });
  expect(config).not.toHaveProperty("sumo");
  const weights = tensors(join(folder, "out", "model.safetensors"));
  expect(weights["model.layers.0.self_attn.k_proj.weight"]!.shape).toEqual([8, 16]);
  const sample = (source: string): Promise<string> =>
    run(folder, "--sample", source, "--prompt", "the", "--length", "20").then(({ out }) => out);
  expect(await sample("out")).toBe(await sample("base"));
  const again = await run(folder, "export", "base", "out");
  expect(again).toMatchObject({ code: 1, err: `error: ${join(folder, "out")} is not empty: choose another folder\n` });
});

test("fine-tuning begins where the model stands, from a run as from an exported folder, and resumes without it", async () => {
  const folder = workplace();
  await run(folder, ...BASE);
  await run(folder, "export", "base", "out");
  const end = losses(folder, "base").at(-2)!.validation!;
  const same = ["--data", "text.txt", ...TUNE.slice(2)];
  for (const [name, init] of [
    ["a", "base"],
    ["b", "out"],
  ] as const) {
    const { code, out } = await run(folder, ...same, "--init", init, "--steps", "6", "--name", name);
    expect(code).toBe(0);
    // What is taken is said before it is.
    expect(out).toMatch(/^reads [\d.]+ kB of weights, needs [\d.]+ kB of memory and [\d.]+ kB of disk$/m);
    expect(out.indexOf("reads ")).toBeLessThan(out.indexOf("  data "));
    expect(out).toMatch(/ {2}disk {7}[\d.]+ kB: two checkpoints/);
    expect(losses(folder, name)[0]!.validation).toBe(end);
  }
  expect(losses(folder, "b")).toEqual(losses(folder, "a"));
  const { child, ended } = start(
    folder,
    ...same,
    "--init",
    "out",
    "--steps",
    "200",
    "--checkpoint-every",
    "1000",
    "--name",
    "c",
  );
  await logged(folder, "c", 4);
  child.kill("SIGKILL");
  await ended;
  writeFileSync(join(folder, "out", "config.json"), "gone");
  expect((await run(folder, "--resume", "c")).code).toBe(0);
  expect(losses(folder, "c")[0]!.validation).toBe(end);
  expect(losses(folder, "c").map(({ step }) => step)).toEqual([...Array(201).keys(), 200]);
});

test.each([
  ["a model of another kind", { model_type: "gpt2" }, /model_type/],
  ["a folder without weights", undefined, /no model\.safetensors/],
])("%s is refused", async (_, change, message) => {
  const folder = workplace();
  await run(folder, ...BASE);
  mkdirSync(join(folder, "model"));
  const config = JSON.parse(readFileSync(join(folder, "runs", "base", "config.json"), "utf8"));
  writeFileSync(join(folder, "model", "config.json"), JSON.stringify({ ...config, ...change }));
  const { code, err } = await run(folder, ...TUNE, "--data", "text.txt", "--init", "model", "--name", "x");
  expect(code).toBe(1);
  expect(err).toMatch(message);
  expect(readdirSync(join(folder, "runs"))).toEqual(["base"]);
});

test("runs are listed and shown", async () => {
  const folder = workplace();
  expect((await run(folder, "runs", "list")).out).toBe("no runs in runs\n");
  await run(folder, ...BASE);
  const list = (await run(folder, "runs", "list")).out;
  for (const cell of ["base", "text.txt", "sumo", "20 of 20"]) expect(list).toContain(cell);
  mkdirSync(join(folder, "runs", "odd"));
  writeFileSync(join(folder, "runs", "odd", "config.json"), "{}");
  const both = (await run(folder, "runs", "list")).out;
  expect(both).toMatch(/base .*20 of 20/);
  expect(both).toMatch(/odd .*not written by this trainer/);
  const { code, out } = await run(folder, "runs", "show", "base");
  expect(code).toBe(0);
  expect(out).toContain("nats per byte");
  expect(out).toMatch(/[\u2801-\u28ff]/);
  expect((await run(folder, "runs", "show", "ghost")).err).toContain("there are: base, odd");
});
