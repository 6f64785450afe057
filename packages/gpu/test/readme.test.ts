import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "..");
const blocks = Array.from(
  readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```/gms),
  ([, code]) => code!,
);
// Inside the package, so that its dependencies resolve.
const folder = mkdtempSync(join(root, "test", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a block as a module and returns what it printed. */
async function printed(index: number): Promise<unknown[][]> {
  const file = join(folder, `block-${index}.ts`);
  writeFileSync(file, blocks[index]!);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(file);
  return log.mock.calls;
}

describe("the README's code runs, and prints what it says", () => {
  beforeEach(() => {
    vi.restoreAllMocks();
  });

  test("tensors have owners", async () => {
    // [[1, 2], [3, 4]] times its transpose is [[5, 11], [11, 25]].
    const sum = [6, 13, 14, 29];
    expect(await printed(0)).toEqual([[Float32Array.from(sum)], [Math.hypot(...sum).toFixed(4)], [2], [0]]);
  });

  test("the network is the example's", () => {
    expect(blocks[1]).toBe(readFileSync(join(root, "examples", "train-network.ts"), "utf8"));
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
