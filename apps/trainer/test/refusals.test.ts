import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { run, TINY, workplace } from "./command-line.ts";

test.each([
  ["an unknown option", ["--ranks", "3"], /^error: unknown option '--ranks'/],
  [
    "a rank of 0",
    ["--rank", "0"],
    /^error: option '--rank <n>' argument '0' is invalid\. Expected a whole number >= 1\.\n/,
  ],
  ["a missing file", ["--data", "nowhere.txt"], /^error: data: no file or folder at .*nowhere\.txt/],
  ["an empty file", ["--data", "empty.txt"], /^error: data: .*empty\.txt is empty\n$/],
  ["a short file", ["--data", "short.txt"], /^error: data: too short: /],
  ["a file that is not UTF-8", ["--data", "latin.txt"], /^error: data: .*latin\.txt is not UTF-8 text/],
  ["heads that do not divide the width", ["--data", "text.txt", ...TINY, "--heads", "3"], /^error: .*heads/],
  [
    "a model that cannot be addressed",
    ["--data", "text.txt", ...TINY, "--dim", "16384", "--layers", "9"],
    /^error: this needs .* GB of memory/,
  ],
  ["more threads than windows", ["--data", "text.txt", ...TINY, "--threads", "3"], /^error: .*3 threads.*2/],
  ["a run that is not there, to resume", ["--resume", "ghost"], /^error: no run ghost in runs \(it holds none\)\n$/],
  ["a run that is not there, to sample", ["--sample", "ghost"], /^error: no run ghost/],
  ["two wishes at once", ["--resume", "a", "--sample", "a"], /^error: .*--sample.*--resume/],
  [
    "an option that the optimizer has no use for",
    ["--data", "text.txt", "--optimizer", "adamw", "--rank", "8"],
    /^error: --rank means nothing to adamw\n$/,
  ],
])("%s: one line, exit code 1, and no run's folder", async (_, words, message) => {
  const folder = workplace();
  writeFileSync(join(folder, "empty.txt"), "");
  writeFileSync(join(folder, "short.txt"), "too short");
  writeFileSync(join(folder, "latin.txt"), Uint8Array.from(Array(4000).fill(0xe9)));
  const { code, out, err } = await run(folder, ...words);
  expect(err).toMatch(message);
  expect(err.split("\n").length).toBeLessThanOrEqual(3); // an unknown option gets a second line with the likeliest one
  expect(out).toBe("");
  expect(code).toBe(1);
  expect(existsSync(join(folder, "runs"))).toBe(false);
});

test("a damaged checkpoint, a taken name, a fixed option: refused, and every byte stays as it was", async () => {
  const folder = workplace();
  const home = join(folder, "runs", "a");
  expect((await run(folder, "--data", "text.txt", ...TINY, "--steps", "4", "--name", "a")).code).toBe(0);
  const bytes = (): unknown =>
    readdirSync(home).map((file) => [file, readFileSync(join(home, file)).toString("base64")]);
  const refusal = async (message: string, ...words: string[]): Promise<void> => {
    const before = bytes();
    const { code, err } = await run(folder, ...words);
    expect(err).toContain(message);
    expect(err.split("\n")).toHaveLength(2);
    expect(code).toBe(1);
    expect(bytes()).toEqual(before);
  };
  await refusal("is there already", "--data", "text.txt", ...TINY, "--name", "a");
  await refusal("--lr cannot change", "--resume", "a", "--lr", "0.1");
  const path = join(home, "optimizer.safetensors");
  truncateSync(path, statSync(path).size - 1);
  await refusal("damaged run", "--resume", "a", "--steps", "8");
  writeFileSync(join(home, "config.json"), "{");
  await refusal("cannot read", "--sample", "a");
});

test("the native engine without a BLAS: one line that says how to get one, and no run's folder", async () => {
  vi.stubEnv("SUMO_BLAS", "/nowhere/libblas.so");
  const folder = workplace();
  const { code, err } = await run(folder, "--data", "text.txt", ...TINY, "--engine", "native");
  vi.unstubAllEnvs();
  expect(code).toBe(1);
  expect(err).toMatch(/^error: createNativeEngine: .*\n$/);
  expect(existsSync(join(folder, "runs"))).toBe(false);
});

test("a learning rate that makes the loss explode ends with one line, and the last checkpoint stays", async () => {
  const folder = workplace();
  const words = [
    "--data",
    "text.txt",
    ...TINY,
    "--steps",
    "400",
    "--checkpoint-every",
    "1",
    "--name",
    "a",
    "--optimizer",
    "sgd",
    "--lr",
    "1e30",
  ];
  const { code, err } = await run(folder, ...words);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: .*\n$/);
  expect(err).toContain("--lr");
});
