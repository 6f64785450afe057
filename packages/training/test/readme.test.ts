import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { expect, test } from "vitest";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname, {
  "@sumo/training": "../src/index.ts",
});

test("the README's code runs, and prints what it says", async () => {
  expect(blocks).toHaveLength(1);
  const [block] = blocks;
  const lines = await block!.run();
  expect(lines.map((line) => line.join(" "))).toEqual(block!.said);
});
