import { join } from "node:path";
import { type CodeBlock, codeBlocks } from "@sumo/testing/markdown";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { pages, root } from "./pages.ts";

beforeAll(() => tf.setBackend("cpu"));

const readmes = ["README.md", "README.zh-CN.md"].map((name) => join("..", name));
const blocks = [...pages, ...readmes].flatMap((page) =>
  codeBlocks(join(root, page), import.meta.dirname).map((block, index): [string, CodeBlock] => [
    `${page}, block ${index}`,
    block,
  ]),
);

test.each(blocks)("%s prints what it says", async (_, { said, run }) => {
  const printed = (await run()).map((values) => values.join(" "));
  expect(printed.length).toBeGreaterThan(0);
  expect(printed).toEqual(said);
});
