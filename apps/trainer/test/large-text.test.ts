import { closeSync, openSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { losses, measured, run, TINY, workplace } from "./command-line.ts";

test("a text of 70 MB is encoded once, into a file, and trained on in less memory than it has bytes", async () => {
  const folder = workplace();
  const sentences = Array.from({ length: 50_000 }, (_, i) => `Whale ${i} met ${(i * 7919) % 10_007}.\n`).join("");
  const file = openSync(join(folder, "large.txt"), "w");
  for (let at = 0; at < 70e6; at += sentences.length) writeSync(file, sentences);
  closeSync(file);
  const words = ["--data", "large.txt", ...TINY, "--steps", "4"];
  const first = await measured(folder, ...words, "--name", "a");
  expect(first.err).toBe("");
  expect(first.out).toContain("encoding the text …\n");
  expect(first.peakBytes).toBeLessThan(200e6); // twice as much as Node itself
  const tokens = join(folder, "runs", ".tokens");
  const [bin] = readdirSync(tokens).filter((name) => name.endsWith(".bin"));
  expect(statSync(join(tokens, bin!)).size).toBe(2 * statSync(join(folder, "large.txt")).size);

  const second = await run(folder, ...words, "--name", "b");
  expect(second.out).not.toContain("encoding");
  expect(losses(folder, "b")).toEqual(losses(folder, "a"));
  expect((await run(folder, "--resume", "a", "--steps", "8")).code).toBe(0);
  expect(readdirSync(tokens)).toHaveLength(2);
  expect((await run(folder, "runs", "list")).out).not.toContain("tokens");
});
