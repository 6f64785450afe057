import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { describe, expect, test } from "vitest";
import { bundleWorker } from "./worker-script.ts";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname, {
  "@sumo/llama": "../src/index.ts",
});

const printed = (index: number): Promise<unknown[][]> => blocks[index]!.run();

describe("the README's code runs, and prints what it says", () => {
  test("a model learns a sentence and says it", async () => {
    const lines = await printed(0);
    expect(Number(lines[0]![1])).toBeCloseTo(Math.log(256), 1);
    expect(lines.at(-1)).toEqual(["not down in any map;"]);
  });

  test("recomputation saves activations", async () => {
    const [kept, recomputed] = (await printed(1)) as [number[], number[]];
    expect(recomputed![2]).toBeLessThan(kept![2]! / 3);
    expect([kept![1], kept![3]]).toEqual([recomputed![1], recomputed![3]]);
  });

  test("threads give one thread's loss", async () => {
    writeFileSync(join(dirname(blocks[2]!.path), "worker.js"), await bundleWorker());
    expect(await printed(2)).toEqual([[true]]);
  });

  test("a checkpoint goes out and comes in", async () => {
    expect(await printed(3)).toEqual([[true]]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(4);
  });
});
