import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const blocks = codeBlocks(join(root, "README.md"), import.meta.dirname);

const printed = (index: number): Promise<unknown[][]> => blocks[index]!.run();

describe("the README's code runs, and prints what it says", () => {
  test("tensors have owners", async () => {
    // [[1, 2], [3, 4]] times its transpose is [[5, 11], [11, 25]].
    const sum = [6, 13, 14, 29];
    expect(await printed(0)).toEqual([[Float32Array.from(sum)], [Math.hypot(...sum).toFixed(4)], [2], [0]]);
  });

  test("the network is the example's", () => {
    expect(blocks[1]!.code).toBe(readFileSync(join(root, "examples", "train-network.ts"), "utf8"));
  });

  test("decompositions have the shapes of their names", async () => {
    expect(await printed(2)).toEqual([
      [[30, 20], [20, 20], [30, 5], 5, [5, 20]],
      [20, 0],
    ]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(3);
  });
});
