import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = Array.from(readme.matchAll(/^```ts\n(.*?)^```/gms), ([, code]) => code!);
// Inside the package, so that its dependencies resolve.
const folder = mkdtempSync(join(root, "test", "readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a block as a module and returns the lines that it printed. */
async function printed(index: number): Promise<string[]> {
  const file = join(folder, `block-${index}.ts`);
  writeFileSync(file, blocks[index]!);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import(file);
  return log.mock.calls.map((values) => values.join(" "));
}

describe("the README's code runs, and prints what it says", () => {
  beforeEach(() => {
    vi.restoreAllMocks();
  });

  test("one line switches a model", async () => {
    await tf.setBackend("cpu");
    const [, lines] = readme.match(/^```text\n(.*?)\n```/ms)!;
    expect(await printed(0)).toEqual(lines!.split("\n"));
  });

  test("groups are planned", async () => {
    // 16 (256 + 768) numbers for SUMO, 2 · 256 · 10 for AdamW, of four bytes.
    expect(await printed(1)).toEqual(["attention/kernel sumo 65536", "classifier/kernel adamw 20480"]);
  });

  test("embeddings have gradients", async () => {
    expect(await printed(2)).toEqual(["1000,16"]);
  });

  test("every block is tested", () => {
    expect(blocks).toHaveLength(3);
  });
});
