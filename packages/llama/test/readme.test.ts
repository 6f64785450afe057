import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { bundleWorker } from "./worker-script.ts";

const packageRoot = join(import.meta.dirname, "..");
const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
const blocks = Array.from(readme.matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code!);
// Inside the package, so that its dependencies resolve.
const folder = mkdtempSync(join(packageRoot, "test", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a block as a module and returns what it printed. */
async function printed(index: number): Promise<unknown[][]> {
  const file = join(folder, `block-${index}.ts`);
  writeFileSync(file, blocks[index]!.replaceAll('"@sumo/llama"', '"../../src/index.ts"'));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(file);
  return log.mock.calls;
}

describe("the README's code runs, and prints what it says", () => {
  beforeEach(() => {
    vi.restoreAllMocks();
  });

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
    writeFileSync(join(folder, "worker.js"), await bundleWorker());
    expect(await printed(2)).toEqual([[true]]);
  });

  test("a checkpoint goes out and comes in", async () => {
    expect(await printed(3)).toEqual([[true]]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(4);
  });
});
