import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { llamaConfig } from "@sumo/llama";
import { temporaryFolder } from "@sumo/testing/temporary-folder";
import { createTokenizer, type RunConfig, RunError, type TrainOptions } from "@sumo/training";
import { expect, test } from "vitest";
import { createRun as create, findRun, openRun, runNames, type StoredRun, writeConfig } from "./run-folder.ts";

const config: RunConfig = {
  options: { data: "/a/text.txt", optimizer: "sumo", steps: 10 } as TrainOptions,
  data: { source: "/a/text.txt", bytes: 7, digest: "d" },
  model: llamaConfig({ vocabSize: 257, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 32, context: 8, tied: true }),
};
const tokenizer = createTokenizer([[97, 98]]);

function createRun(runs: string, name: string | undefined, prefix: string, changes: Partial<StoredRun> = {}): string {
  return create(runs, name, prefix, { ...config, tokenizer, ...changes }).folder;
}

test("a run is read back as it was made", () => {
  const folder = createRun(temporaryFolder(), "first", "");
  const { tokenizer: read, digests: _, ...rest } = openRun(folder);
  expect(rest).toEqual(config);
  expect(read.merges).toEqual([[97, 98]]);
  writeConfig(folder, { ...config, options: { ...config.options, steps: 20 } });
  expect(openRun(folder).options.steps).toBe(20);
});

test("config.json is what Hugging Face's LLaMA reads", () => {
  const folder = createRun(temporaryFolder(), "first", "");
  expect(JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))).toMatchObject({
    model_type: "llama",
    vocab_size: 257,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 8,
    tie_word_embeddings: true,
  });
});

test("a run of the same name is refused and left alone; without a name the first free number is taken", () => {
  const runs = temporaryFolder();
  const folder = createRun(runs, "first", "");
  writeFileSync(join(folder, "log.jsonl"), "kept");
  expect(() => createRun(runs, "first", "", { options: { ...config.options, steps: 99 } })).toThrow(RunError);
  expect(readdirSync(folder).sort()).toEqual(["checkpoint.json", "config.json", "log.jsonl", "tokenizer.json"]);
  expect(openRun(folder).options.steps).toBe(10);
  expect([1, 2, 3].map(() => createRun(runs, undefined, "book-sumo"))).toEqual(
    [1, 2, 3].map((i) => join(runs, `book-sumo-${i}`)),
  );
  expect(runNames(runs)).toEqual(["book-sumo-1", "book-sumo-2", "book-sumo-3", "first"]);
});

test("a run is found by name or by path; otherwise those that are there are named", () => {
  const runs = temporaryFolder();
  expect(() => findRun(runs, "first")).toThrow("it holds none");
  const folder = createRun(runs, "first", "");
  expect(findRun(runs, "first")).toBe(folder);
  expect(findRun("/nowhere", folder)).toBe(folder);
  expect(() => findRun(runs, "second")).toThrow("there are: first");
  expect(existsSync(join(runs, "second"))).toBe(false);
});

test.each([
  ["config.json", "", "is not JSON"],
  ["config.json", "{}", "not written by this trainer"],
  ["tokenizer.json", "{}", "tokenizer.json is not the one"],
])("a damaged %s (%j) is refused", (name, content, message) => {
  const folder = createRun(temporaryFolder(), "first", "");
  writeFileSync(join(folder, name), content);
  expect(() => openRun(folder)).toThrow(RunError);
  expect(() => openRun(folder)).toThrow(message);
});
