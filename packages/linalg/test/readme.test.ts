import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { expect, test } from "vitest";
import * as linalg from "../src/index.ts";
import * as stacks from "../src/stacks.ts";

const readme = join(import.meta.dirname, "..", "README.md");
const blocks = codeBlocks(readme, import.meta.dirname, {
  "@sumo/linalg": "../src/index.ts",
  "@sumo/linalg/stacks": "../src/stacks.ts",
});

test.each(blocks.map((block, index) => [index, block] as const))(
  "block %d prints what its comments say",
  async (_, { said, run }) => {
    expect(said.length).toBeGreaterThan(0);
    expect((await run()).map((values) => values.join(" "))).toEqual(said);
  },
);

test("the table of what there is has every routine", () => {
  const [, after] = readFileSync(readme, "utf8").split("## What there is");
  const table = after!.split("Each one's documentation")[0]!;
  const named = new Set([...table.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  // `Into` and `Workspace` forms are named by their routine; engines, scratch and the schedules of newtonSchulz have sections of their own;
  // `optionFault` and `describe` are for packages that check their arguments in the same words, `instantiateModule` for those with kernels of their own.
  const others =
    /(Into|Workspace|Engine|Kernels|Schedule|Coefficients)$|^(allOf|anyOf|sizeOf\w+|optionFault|describe|instantiateModule)$/;
  const routines = Object.keys(linalg).filter((name) => /^[a-z]/.test(name) && !others.test(name));
  expect([...named].filter((name) => name !== "matrix").sort()).toEqual(
    routines.filter((name) => name !== "matrix").sort(),
  );
  expect(Object.keys(stacks).filter((name) => /^[a-z]/.test(name) && name !== "stack" && !named.has(name))).toEqual([]);
});
