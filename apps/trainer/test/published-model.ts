import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Tensor, writeSafetensors } from "@sumo/core";
import { fillNormal } from "@sumo/linalg";
import { fromHuggingFaceConfig, parameterShapes } from "@sumo/llama";

/** Types of tensors by name; every name counts as `rest` where it is not listed. */
type Dtypes = { readonly rest: "F32" | "F16" | "BF16"; readonly [name: string]: "F32" | "F16" | "BF16" };

interface Publication {
  /** Keys of its `config.json`, beside those that every model here has. */
  readonly keys: Readonly<Record<string, unknown>>;
  readonly dtypes: Dtypes;
  /** Other files of the folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether a tied model's files have its head too. */
  readonly headToo?: boolean;
}

/** Writes a published model of random weights, in two shards, with keys that no pass needs. Returns its `config.json`. */
export function publish(
  folder: string,
  { keys, dtypes, files = {}, headToo = false }: Publication,
): Record<string, unknown> {
  const config = {
    bos_token_id: 1,
    eos_token_id: [2, 3],
    initializer_range: 0.02,
    vocab_size: 260,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    intermediate_size: 24,
    max_position_embeddings: 131_072,
    rope_theta: 500_000,
    ...keys,
  };
  const shapes = parameterShapes(fromHuggingFaceConfig(config));
  const tensors = shapes.map(({ name, shape, kind }, stream): [string, Tensor] => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    fillNormal(data, [1, stream, 0]);
    const values = data.map((x) => (kind === "norm" ? 1 : 0) + 0.1 * x);
    const dtype = dtypes[name] ?? dtypes.rest;
    return [name, { shape, data: values, ...(dtype !== "F32" && { dtype }) }];
  });
  if (headToo) tensors.push(["lm_head.weight", tensors[0]![1]]);
  const parts = [tensors.slice(0, 7), tensors.slice(7)].map((part, i) => ({
    file: `model-0000${i + 1}-of-00002.safetensors`,
    part,
  }));
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  for (const { file, part } of parts) writeFileSync(join(folder, file), writeSafetensors(Object.fromEntries(part)));
  const weight_map = Object.fromEntries(parts.flatMap(({ file, part }) => part.map(([name]) => [name, file])));
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map }));
  return config;
}

/** A published tokenizer's file. */
export function publishedTokenizer(kind: string): string {
  const path = new URL("../../../packages/training/test/fixtures/published-tokenizers.json", import.meta.url);
  const fixtures: { kind: string; file: object }[] = JSON.parse(readFileSync(path, "utf8"));
  return JSON.stringify(fixtures.find((fixture) => fixture.kind === kind)!.file, undefined, 3);
}
