import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { describe, expect, test } from "vitest";
import { fromHuggingFaceConfig, llamaConfig, parameterShapes, toHuggingFaceConfig } from "../src/index.ts";
import { type Stored, safetensors } from "./safetensors.ts";
import { bundleWorker } from "./worker-script.ts";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname, {
  "@sumo/llama": "../src/index.ts",
});

/** A Qwen2 of two layers in two shards of bfloat16. */
function writeQwen2(folder: string): void {
  const config = toHuggingFaceConfig(llamaConfig({ dim: 16, layers: 2, heads: 2, qkvBias: true }));
  const shapes = parameterShapes(fromHuggingFaceConfig(config));
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  const weight_map: Record<string, string> = {};
  [shapes.slice(0, 9), shapes.slice(9)].forEach((part, i) => {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    const tensors = part.map(({ name, shape }): [string, Stored] => {
      weight_map[name] = file;
      return [name, { dtype: "BF16", shape, data: new Uint16Array(shape.reduce((n, size) => n * size, 1)) }];
    });
    writeFileSync(join(folder, file), safetensors(Object.fromEntries(tensors)));
  });
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
}

const printed = (index: number): Promise<unknown[][]> => blocks[index]!.run();

describe("the README's code runs, and prints what it says", () => {
  test("a model learns a sentence", async () => {
    expect(await printed(0)).toEqual([["5.5"], ["0.0"]]);
  });

  test("a model learns a sentence and says it", async () => {
    const lines = await printed(1);
    expect(Number(lines[0]![1])).toBeCloseTo(Math.log(256), 1);
    expect(lines.at(-1)).toEqual(["not down in any map;"]);
  });

  test("recomputation saves activations", async () => {
    const [kept, recomputed] = (await printed(2)) as [number[], number[]];
    expect(recomputed![2]).toBeLessThan(kept![2]! / 3);
    expect([kept![1], kept![3]]).toEqual([recomputed![1], recomputed![3]]);
  });

  test("threads give one thread's loss", async () => {
    writeFileSync(join(dirname(blocks[3]!.path), "worker.js"), await bundleWorker());
    expect(await printed(3)).toEqual([[true]]);
  });

  test("a checkpoint goes out and comes in", async () => {
    expect(await printed(4)).toEqual([[true]]);
  });

  test("a published model comes in from its shards", async () => {
    writeQwen2(join(dirname(blocks[5]!.path), "qwen2"));
    expect(await printed(5)).toEqual([[6]]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(6);
  });
});
