import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSafetensors } from "@sumo/core";
import { createCorpus, createTokenizer, evenStarts, parseTokenizer } from "@sumo/training";
import { expect, test } from "vitest";
import { losses, run, workplace } from "./command-line.ts";
import { publish, publishedTokenizer } from "./published-model.ts";

const CONTEXT = 16;
const TUNE = "--data text.txt --context 16 --batch 2 --eval-tokens 64 --final-tokens 64 --length 5 --threads 1".split(
  " ",
);
/** Rates that change every weight by more than its last bit. */
const FAST = ["--lr", "0.01", "--aux-lr", "0.01"];
const python = process.env["PYTHON"] ?? "python3";
const hasPython = spawnSync(python, ["-c", ""]).status === 0;
const READER = fileURLToPath(new URL("float64_reader.py", import.meta.url));

const llama3 = { factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };
const template = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] }}{% endfor %}";
const generation = JSON.stringify({ bos_token_id: 1, eos_token_id: [2, 3], temperature: 0.6, do_sample: true });
const tokenizerConfig = JSON.stringify(
  { chat_template: template, bos_token: "<|end|>", model_max_length: 131_072 },
  undefined,
  4,
);

const MODELS: Readonly<Record<string, Parameters<typeof publish>[1]>> = {
  "Llama 3 in bfloat16, tied": {
    keys: {
      model_type: "llama",
      vocab_size: 294,
      tie_word_embeddings: true,
      rope_scaling: { rope_type: "llama3", ...llama3 },
      torch_dtype: "bfloat16",
      pad_token_id: 0,
      transformers_version: "4.45.0.dev0",
    },
    dtypes: { rest: "BF16" },
    files: {
      "tokenizer.json": publishedTokenizer("LLaMA 3"),
      "tokenizer_config.json": tokenizerConfig,
      "special_tokens_map.json": '{"bos_token": "<|end|>"}',
      "generation_config.json": generation,
      "USE_POLICY.md": "# Use\n",
    },
  },
  "Qwen2 in float16, with room in its vocabulary": {
    keys: {
      model_type: "qwen2",
      vocab_size: 320,
      use_sliding_window: false,
      sliding_window: 32_768,
      dtype: "float16",
    },
    dtypes: { rest: "F16" },
    files: {
      "tokenizer.json": publishedTokenizer("GPT-2"),
      "tokenizer_config.json": '{"add_prefix_space": false}',
      "chat_template.jinja": template,
      "vocab.json": "{}",
      "merges.txt": "#version: 0.2\n",
    },
  },
  "Qwen3 in float32, tied, its head in the files too": {
    keys: { model_type: "qwen3", head_dim: 12, tie_word_embeddings: true },
    dtypes: { rest: "F32" },
    headToo: true,
  },
  "Mistral in bfloat16 with norms in float32": {
    keys: { model_type: "mistral", vocab_size: 330, sliding_window: null, torch_dtype: "bfloat16" },
    dtypes: { rest: "BF16", "model.norm.weight": "F32", "model.layers.0.input_layernorm.weight": "F32" },
    files: { "tokenizer.json": publishedTokenizer("LLaMA 2"), "generation_config.json": generation, LICENSE: "free" },
  },
};

/** Types, shapes and numbers of the tensors of a folder's safetensors files. */
function tensorsIn(folder: string) {
  const files = readdirSync(folder).filter((name) => /^model.*\.safetensors$/.test(name));
  return Object.assign(
    {},
    ...files.map((name) => readSafetensors(readFileSync(join(folder, name))).tensors),
  ) as ReturnType<typeof readSafetensors>["tensors"];
}

/** Texts of a folder's files but the weights. */
function textsIn(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !name.includes(".safetensors"));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** The loss that the second reader finds on the windows of held-out text that `--eval-tokens 64` looks at. */
function secondLoss(folder: string, model: string): number {
  const { "tokenizer.json": file } = textsIn(model);
  const tokenizer = file === undefined ? createTokenizer([]) : parseTokenizer(file, model);
  const { validation } = createCorpus(readFileSync(join(folder, "text.txt")), tokenizer, CONTEXT);
  const windows = evenStarts(4, validation.length, CONTEXT).map((start) =>
    Array.from(validation.subarray(start, start + CONTEXT + 1)),
  );
  const { stdout, stderr } = spawnSync(python, [READER], {
    input: JSON.stringify({ folder: model, windows }),
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return Number(stdout);
}

test.each(Object.entries(MODELS))("%s: what came in goes out, but for the values of the weights", async (_, model) => {
  const folder = workplace();
  const [published, out] = [join(folder, "published"), join(folder, "out")];
  const config = publish(published, model);
  const [texts, before] = [textsIn(published), tensorsIn(published)];
  const tuned = await run(folder, ...TUNE, ...FAST, "--init", "published", "--steps", "8", "--name", "a");
  expect(tuned.err).toBe("");
  expect(tuned.code).toBe(0);
  const [first, last] = [losses(folder, "a")[0]!, losses(folder, "a").at(-2)!];
  expect(last.validation!).toBeLessThan(first.validation!);
  rmSync(published, { recursive: true }); // the run has all that its export needs
  expect((await run(folder, "--resume", "a", "--steps", "10")).code).toBe(0);
  expect((await run(folder, "export", "a", "out")).code).toBe(0);

  const own = "tokenizer.json" in texts ? [] : ["tokenizer.json", "tokenizer_config.json"];
  const { "config.json": written, ...others } = textsIn(out);
  const { "config.json": __, ...wanted } = texts;
  for (const name of own) delete others[name];
  expect(others).toEqual(wanted);
  expect(JSON.parse(written!)).toEqual(config);

  const [after, trained] = [tensorsIn(out), tensorsIn(join(folder, "runs", "a"))];
  expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
  for (const [name, { shape, dtype, data }] of Object.entries(before)) {
    expect(after[name]).toMatchObject({ shape });
    expect(after[name]!.dtype, name).toBe(dtype);
    expect(after[name]!.data, name).not.toEqual(data);
    const exact = (trained[name] ?? trained["model.embed_tokens.weight"]!).data;
    const unit = { F32: 0, F16: 2 ** -11, BF16: 2 ** -8 }[dtype ?? "F32"];
    const off = after[name]!.data.findIndex((x, i) => Math.abs(x - exact[i]!) > unit * Math.abs(exact[i]!) + 2 ** -25);
    expect(off, name).toBe(-1);
  }

  const again = await run(folder, ...TUNE, "--init", "out", "--steps", "1", "--name", "b");
  expect(again.err).toBe("");
  const [ours, theirs] = [losses(folder, "b")[0]!.validation!, hasPython ? secondLoss(folder, out) : undefined];
  if (theirs !== undefined) expect(Math.abs(theirs - ours)).toBeLessThan(16 * 24 * 2 ** -23 * ours);
  expect((await run(folder, "export", "b", "again")).code).toBe(0); // through two runs
  expect(textsIn(join(folder, "again"))).toEqual(textsIn(out));
  expect((await run(folder, "--sample", "out", "--prompt", "the", "--length", "20")).code).toBe(0);
});

test("a model that was not tuned goes out with the same bits", async () => {
  const folder = workplace();
  for (const [i, model] of Object.values(MODELS).entries()) {
    publish(join(folder, `${i}`), model);
    expect((await run(folder, "export", `${i}`, `out-${i}`)).code).toBe(0);
    expect(tensorsIn(join(folder, `out-${i}`))).toEqual(tensorsIn(join(folder, `${i}`)));
  }
});

test("a weight that is too large for the type that it came in is refused, and nothing is exported", async () => {
  const folder = workplace();
  publish(join(folder, "published"), MODELS["Qwen2 in float16, with room in its vocabulary"]!);
  const words = [...TUNE, "--optimizer", "sgd", "--lr", "1e9", "--schedule", "constant", "--steps", "1", "--name", "a"];
  expect((await run(folder, ...words, "--init", "published")).code).toBe(0);
  const { code, err } = await run(folder, "export", "a", "out");
  expect(code).toBe(1);
  expect(err).toMatch(/^error: model\..*: -?[\d.e+]+ at \d+ is too large for F16\n$/);
  expect(readdirSync(folder)).not.toContain("out");
});

test("a companion that is missing or changed is refused by name", async () => {
  const folder = workplace();
  publish(join(folder, "published"), MODELS["Llama 3 in bfloat16, tied"]!);
  await run(folder, ...TUNE, "--init", "published", "--steps", "1", "--name", "a");
  const path = join(folder, "runs", "a", "generation_config.json");
  for (const damage of [() => writeFileSync(path, "{}"), () => rmSync(path)]) {
    damage();
    for (const words of [
      ["--resume", "a", "--steps", "9"],
      ["export", "a", "out"],
      ["--sample", "a"],
    ]) {
      const { code, err } = await run(folder, ...words);
      expect(code).toBe(1);
      expect(err).toMatch(/^error: damaged run: .*generation_config\.json is .*\n$/);
    }
  }
});
