import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "@sumo/core";
import { expect, test } from "vitest";
import { checkpoint, losses, run, workplace } from "./command-line.ts";
import { publish } from "./published-model.ts";

const TUNE = "--data text.txt --context 16 --batch 2 --eval-tokens 64 --final-tokens 64 --length 5 --threads 1".split(
  " ",
);
/** Rates that change a random model fast. */
const FAST = ["--lr", "0.02", "--steps", "30"];
/** Nats that two passes over the same model may differ by where its weights were factored, rounded and merged. */
const SAME = 0.005;

const MODELS: Readonly<Record<string, Record<string, unknown>>> = {
  untied: { model_type: "llama" },
  tied: { model_type: "llama", tie_word_embeddings: true },
  "with biases": { model_type: "qwen2" },
  "with norms of heads": { model_type: "qwen3", head_dim: 12, tie_word_embeddings: true },
};

const model = (folder: string, keys: Record<string, unknown>) =>
  publish(join(folder, "published"), { keys: { ...keys, max_position_embeddings: 64 }, dtypes: { rest: "F32" } });
const tensorsIn = (path: string) => readSafetensors(readFileSync(path)).tensors;

/** The losses that `export-adapter` prints: of the base, of the base with the adapter, of the tuned model. */
function printed(out: string): readonly [number, number, number] {
  const [, base, own, tuned] = /base ([\d.]+), with the adapter ([\d.]+), tuned ([\d.]+) nats/.exec(out)!;
  return [Number(base), Number(own), Number(tuned)];
}

test.each(Object.entries(MODELS))(
  "%s: at full rank an adapter is the tuned model, however it was trained; its losses are what runs measure",
  async (_, keys) => {
    const folder = workplace();
    model(folder, keys);
    for (const train of ["all", "hidden"]) {
      const parts = train === "all" ? ["--aux-lr", "0.02"] : ["--train", "hidden"];
      const tuned = await run(folder, ...TUNE, ...FAST, ...parts, "--init", "published", "--name", train);
      expect(tuned.err).toBe("");
      const exported = await run(folder, "export-adapter", "published", train, `${train}-full`, "--rank", "99");
      expect(exported.err).toBe("");
      const [base, own, last] = printed(exported.out);
      expect(base - last).toBeGreaterThan(0.5);
      expect(Math.abs(own - last)).toBeLessThan(SAME);
      expect(base).toBeCloseTo(losses(folder, train)[0]!.validation!, 3);
      expect(last).toBeCloseTo(losses(folder, train).at(-2)!.validation!, 3);

      const merged = ["--init", "published", "--adapter", `${train}-full`, "--steps", "1", "--name", `${train}-on`];
      expect((await run(folder, ...TUNE, ...merged)).err).toBe("");
      expect(losses(folder, `${train}-on`)[0]!.validation).toBeCloseTo(own, 3);

      const small = await run(folder, "export-adapter", "published", train, `${train}-small`, "--rank", "1");
      const [, ofSmall] = printed(small.out);
      expect(ofSmall).toBeGreaterThan(last);
      const [, leftOut] = /left out +(\S+) nats .*--rank 2 /.exec(small.out)!;
      expect(Number(leftOut)).toBeCloseTo(ofSmall - last, 3);
      expect(exported.out).toMatch(/left out +-?0\.00\d\d nats a token\n/);
      const { modules_to_save: whole } = JSON.parse(
        readFileSync(join(folder, `${train}-full`, "adapter_config.json"), "utf8"),
      );
      if (train === "hidden") expect(whole).toBeUndefined();
      else expect(whole).toEqual(expect.arrayContaining(["model.embed_tokens", "lm_head", "model.norm"]));
      expect(exported.out.includes("--train hidden")).toBe(train === "all");
    }
    const [before, after] = ["published", "runs/hidden"].map((name) =>
      Object.assign({}, ...weightFiles(join(folder, name)).map(tensorsIn)),
    );
    for (const name of Object.keys(before)) {
      const isSame = JSON.stringify(Array.from(before[name].data)) === JSON.stringify(Array.from(after[name].data));
      expect(isSame, name).toBe(!name.endsWith("_proj.weight"));
    }
  },
);

function weightFiles(folder: string): string[] {
  const names = ["model.safetensors", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  return names.map((name) => join(folder, name)).filter((path) => existsSync(path));
}

test("a run that trains hidden matrices alone keeps no state for others, resumes, and is compared", async () => {
  const folder = workplace();
  model(folder, MODELS["untied"]!);
  const words = [...TUNE, "--init", "published", "--train", "hidden", "--lr", "0.01"];
  const { out } = await run(folder, ...words, "--steps", "4", "--name", "a");
  expect(out).toContain("embeddings, norms and head stay as they are");
  const names = Object.keys(tensorsIn(join(folder, "runs", "a", "optimizer.safetensors")));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(name).not.toMatch(/norm|embed|lm_head/);
  expect((await run(folder, "--resume", "a", "--steps", "8")).code).toBe(0);
  const compared = await run(folder, ...words, "--steps", "2", "--compare", "sumo", "--name", "b");
  expect(compared.err).toBe("");
});

test("an adapter of PEFT's spelling is merged with its scaling", async () => {
  const folder = workplace();
  model(folder, MODELS["untied"]!);
  await run(folder, ...TUNE, ...FAST, "--init", "published", "--name", "a");
  const { out } = await run(folder, "export-adapter", "published", "a", "lora", "--rank", "4");
  const path = (name: string): string => join(folder, "lora", name);
  const config = JSON.parse(readFileSync(path("adapter_config.json"), "utf8"));
  const scaled = { ...config, lora_alpha: 16, use_rslora: true, rank_pattern: {}, alpha_pattern: {} };
  writeFileSync(path("adapter_config.json"), JSON.stringify(scaled));
  const tensors = Object.entries(tensorsIn(path("adapter_model.safetensors"))).map(([name, { shape, data }]) => {
    const values = name.includes("lora_B") ? (data as Float32Array).map((x) => x / 8) : (data as Float32Array);
    return [name, { shape, data: values }] as const;
  });
  writeFileSync(path("adapter_model.safetensors"), writeSafetensors(Object.fromEntries(tensors)));
  const words = ["--init", "published", "--adapter", "lora", "--steps", "1", "--name", "b"];
  expect((await run(folder, ...TUNE, ...words)).err).toBe("");
  expect(losses(folder, "b")[0]!.validation).toBeCloseTo(printed(out)[1], 3);
});

test("what does not fit is refused in one line, before anything is written", async () => {
  const folder = workplace();
  model(folder, MODELS["untied"]!);
  await run(folder, ...TUNE, ...FAST, "--init", "published", "--name", "a");
  await run(folder, "export-adapter", "published", "a", "lora");
  await run(folder, ...TUNE, "--dim", "12", "--layers", "1", "--heads", "2", "--steps", "1", "--name", "other");
  const refused = async (message: RegExp, ...words: string[]): Promise<void> => {
    const { code, err } = await run(folder, ...words);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .*\n$/);
    expect(err).toMatch(message);
  };
  const begin = [...TUNE, "--steps", "1", "--name", "b"];
  await refused(/--adapter belongs to --init/, ...begin, "--adapter", "lora");
  await refused(/adapter is not for this model: its .* of \[/, ...begin, "--init", "other", "--adapter", "lora");
  await refused(/no adapter_model\.safetensors in/, ...begin, "--init", "published", "--adapter", "published");
  await refused(/--aux-lr is for/, ...begin, "--train", "hidden", "--aux-lr", "0.1");
  await refused(/not a tuned .*not of the same shape/, "export-adapter", "other", "a", "out");
  await refused(/is no run, .*--data/, "export-adapter", "a", "published", "out");
  await refused(/is not empty/, "export-adapter", "published", "a", "lora");
  await refused(/no hidden matrix differs/, "export-adapter", "a", "a", "out");
  rmSync(join(folder, "text.txt"));
  await refused(/data: no file/, "export-adapter", "published", "a", "out");
  const config = readFileSync(join(folder, "lora", "adapter_config.json"), "utf8");
  writeFileSync(join(folder, "lora", "adapter_config.json"), config.replace("LORA", "IA3"));
  writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(60));
  await refused(/lora: .*peft_type/, ...begin, "--init", "published", "--adapter", "lora");
  expect(existsSync(join(folder, "runs", "b"))).toBe(false);
  expect(existsSync(join(folder, "out"))).toBe(false);
});

const LORA = ["--init", "published", "--method", "lora"];

test.each(["adamw", "sumo"])(
  "LoRA by %s: its adapter is what it learned, read back, merged and trained on",
  async (optimizer) => {
    const folder = workplace();
    model(folder, MODELS["tied"]!);
    const words = [...TUNE, ...FAST, ...LORA, "--optimizer", optimizer, "--rank", "4"];
    const tuned = await run(folder, ...words, "--name", "a");
    expect(tuned.err).toBe("");
    expect(tuned.out).toContain(
      `${optimizer}, lr 0.02, on factors of rank 4, scaled by 2, of 14 hidden matrices; embeddings`,
    );
    const { out } = await run(folder, "export-adapter", "published", "a", "lora");
    const [base, own, last] = printed(out);
    expect(base - last).toBeGreaterThan(0.2);
    expect(Math.abs(own - last)).toBeLessThan(2e-4);
    const config = JSON.parse(readFileSync(join(folder, "lora", "adapter_config.json"), "utf8"));
    expect(config).toMatchObject({ r: 4, rank_pattern: {} });
    expect(config.modules_to_save).toBeUndefined();

    const on = ["--init", "published", "--adapter", "lora", "--method", "lora", "--optimizer", optimizer];
    expect((await run(folder, ...TUNE, ...FAST, ...on, "--name", "b")).err).toBe("");
    expect(losses(folder, "b")[0]!.validation).toBeCloseTo(last, 3);
    expect(losses(folder, "b").at(-2)!.validation).toBeLessThan(last);
  },
);

test("LoRA of some modules changes these alone, and a resumed run has the bits of one that was not interrupted", async () => {
  const folder = workplace();
  model(folder, MODELS["untied"]!);
  const words = [
    ...TUNE,
    ...LORA,
    "--lr",
    "0.02",
    "--targets",
    "q_proj,down_proj",
    "--alpha",
    "4",
    "--accumulate",
    "2",
  ];
  await run(folder, ...words, "--steps", "8", "--schedule", "constant", "--name", "whole");
  await run(folder, ...words, "--steps", "4", "--schedule", "constant", "--name", "parts");
  expect((await run(folder, "--resume", "parts", "--steps", "8")).err).toBe("");
  expect(checkpoint(folder, "parts")).toEqual(checkpoint(folder, "whole"));
  const { out } = await run(folder, "export-adapter", "published", "whole", "lora");
  expect(out).toContain("rank 8 for 4 hidden matrices");
  const { target_modules } = JSON.parse(readFileSync(join(folder, "lora", "adapter_config.json"), "utf8"));
  for (const module of target_modules) expect(module).toMatch(/q_proj|down_proj/);
});

test("LoRA takes part in a comparison, with less state than its optimizer has", async () => {
  const folder = workplace();
  model(folder, MODELS["untied"]!);
  const words = [...TUNE, "--init", "published", "--steps", "2", "--rank", "2", "--alpha", "2"];
  const { out, err } = await run(folder, ...words, "--compare", "adamw,lora:adamw,lora:sumo");
  expect(err).toBe("");
  const state = (label: string): number => Number(new RegExp(`│ ${label} .*?([\\d.]+) kB`).exec(out)![1]);
  expect(state("lora:adamw")).toBeLessThan(state("adamw"));
  expect(state("lora:sumo")).toBeLessThan(state("lora:adamw"));
  const alone = await run(folder, ...TUNE, "--steps", "2", "--compare", "lora:adamw");
  expect(alone.err).toMatch(/^error: --method lora belongs to --init\n$/);
});

test.each([
  ["--method lora belongs to --init", ["--method", "lora"]],
  ["--alpha belongs to --method lora", ["--init", "published", "--alpha", "4"]],
  ["--targets belongs to --method lora", ["--init", "published", "--targets", "q_proj"]],
  ["--train all does not go with --method lora", [...LORA, "--train", "all"]],
  ["--aux-lr is for .* which --method lora leaves", [...LORA, "--aux-lr", "0.1"]],
  ["Expected names from q_proj", [...LORA, "--targets", "c_attn"]],
])("refused: %s", async (message, words) => {
  const folder = workplace();
  model(folder, MODELS["untied"]!);
  const { code, err } = await run(folder, ...TUNE, ...words, "--steps", "1");
  expect(code).toBe(1);
  expect(err).toMatch(new RegExp(message));
  expect(existsSync(join(folder, "runs"))).toBe(false);
});
