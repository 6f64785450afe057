import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname);

/** Runs a block and returns the lines that it printed. */
const printed = async (index: number): Promise<string[]> =>
  (await blocks[index]!.run()).map((values) => values.join(" "));

describe("the README's code runs, and prints what it says", () => {
  test("one line switches a model", async () => {
    await tf.setBackend("cpu");
    expect(await printed(0)).toEqual(blocks[0]!.said);
  });

  test("a model is planned", async () => {
    expect((await printed(1)).join("\n").split("\n")).toEqual(blocks[1]!.said);
  });

  test("groups are planned", async () => {
    // 16 (256 + 768) numbers for SUMO, 2 · 256 · 10 for AdamW, of four bytes.
    expect(await printed(2)).toEqual(["attention/kernel sumo 65536", "classifier/kernel adamw 20480"]);
  });

  test("embeddings have gradients", async () => {
    expect(await printed(3)).toEqual(["1000,16"]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(4);
  });
});
