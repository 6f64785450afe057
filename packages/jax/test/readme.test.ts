import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { expect, test } from "vitest";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname);

test.each(blocks)("the README's program prints what it says", async ({ said, run }) => {
  expect(said.length).toBeGreaterThan(0);
  expect((await run()).map((values) => values.join(" "))).toEqual(said);
});
