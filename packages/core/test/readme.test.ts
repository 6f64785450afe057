import { join } from "node:path";
import { codeBlocks } from "@sumo/testing/markdown";
import { describe, expect, test } from "vitest";

const blocks = codeBlocks(join(import.meta.dirname, "..", "README.md"), import.meta.dirname, {
  "@sumo/core": "../src/index.ts",
  "@sumo/core/testing": "../src/testing/index.ts",
});

const printed = (index: number): Promise<unknown[][]> => blocks[index]!.run();

describe("the README's code runs, and prints what it says", () => {
  test("a weight comes close to its target", async () => {
    expect(await printed(0)).toEqual([[true]]);
  });

  test("a hand-written loop learns", async () => {
    const losses = (await printed(1)).map(([, loss]) => Number(loss));
    expect(losses[0]).toBeCloseTo(Math.log(10), 3);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });

  test("plan gives every parameter's optimizer and state", async () => {
    const lines = await printed(2);
    expect(lines.map(([, optimizer]) => optimizer).slice(0, 4)).toEqual(["adamw", "sumo", "sumo", "adamw"]);
    expect(lines[1]![2]).toBe(3 * 256 * (2048 + 2048));
  });

  test("events tell what happens inside", async () => {
    const [refresh, step, counters] = await printed(3);
    expect(refresh![0]).toBe("w");
    expect(step![0]).toMatchObject({ step: 0 });
    expect(counters![0]).toMatchObject({ steps: 1, orthogonalized: 1 });
  });

  test("a saved state is taken up", async () => {
    expect(await printed(4)).toEqual([[1]]);
  });

  test("a backend proves itself, and a step costs two products", async () => {
    expect(await printed(5)).toEqual([[2]]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(6);
  });
});
