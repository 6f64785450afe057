import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { expect, test } from "vitest";

const readme = join(import.meta.dirname, "..", "README.md");
const blocks = codeBlocks(readme, import.meta.dirname, { "@sumo/linalg": "../src/index.ts" });

test.each(blocks.map((block, index) => [index, block] as const))(
  "block %d prints what its comments say",
  async (_, { said, run }) => {
    expect(said.length).toBeGreaterThan(0);
    expect((await run()).map((values) => values.join(" "))).toEqual(said);
  },
);
