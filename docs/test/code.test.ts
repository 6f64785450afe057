import { readFileSync } from "node:fs";
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

/** Characters that fit beside the outline in a window of 1280 pixels. */
const COLUMN = 73;
/** One program is long rather than for reading line by line: there lines may be as wide as the column of a wide window. */
const widest = (page: string): number => (page === "guide/adapter.md" ? 101 : COLUMN);

test.each(pages)("%s: no line of a program is cut off", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const programs = Array.from(text.matchAll(/^```(?:ts|js)\n(.*?)^```/gms), ([, code]) => code!.split("\n"));
  expect(programs.flat().filter((line) => line.length > widest(page))).toEqual([]);
});

test.each(blocks)("%s prints what it says", async (_, { said, run }) => {
  const printed = (await run()).map((values) => values.join(" "));
  expect(printed.length).toBeGreaterThan(0);
  expect(printed).toEqual(said);
});
