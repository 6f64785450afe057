import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { run, start, startOnDisk, TINY, workplace } from "./command-line.ts";

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
  [
    "more threads than windows",
    ["--data", "text.txt", ...TINY, "--threads", "3"],
    /^error: --threads 3: .*--batch has 2\n$/,
  ],
  ["a run that is not there, to resume", ["--resume", "ghost"], /^error: no run ghost in runs \(it holds none\)\n$/],
  ["a run that is not there, to sample", ["--sample", "ghost"], /^error: no run ghost/],
  ["two wishes at once", ["--resume", "a", "--sample", "a"], /^error: .*--sample.*--resume/],
  [
    "an option that the optimizer has no use for",
    ["--data", "text.txt", "--optimizer", "adamw", "--rank", "8"],
    /^error: --rank means nothing to adamw\n$/,
  ],
  [
    "four bits for SUMO",
    ["--data", "text.txt", "--state-bits", "4"],
    /^error: --state-bits 4 belongs to --optimizer muon\n$/,
  ],
  [
    "equal rows for a subspace",
    ["--data", "text.txt", "--equilibrate", "rows"],
    /^error: --equilibrate rows belongs to --residual joint\n$/,
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
  await refusal("config.json is not JSON", "--sample", "a");
});

test.each([
  "--layers 1000000",
  "--layers 9007199254740991",
  "--dim 1000000000",
  "--hidden 1000000000000",
  "--heads 1000000000",
  "--context 1000000000",
  "--batch 1000000000",
  "--accumulate 1000000000",
  "--threads 100000 --batch 100000",
  "--vocab 65536 --dim 65536",
  "--compare sumo --seeds 1000000000",
])("%s is refused in one line with an option, before anything is read or allocated", async (words) => {
  const { child, ended } = start(workplace(), "--data", "nowhere.txt", ...TINY, ...words.split(" "));
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000); // it takes a fraction of a second; the machine may be busy
  const { code, err } = await ended;
  clearTimeout(timer);
  expect(code).toBe(1);
  expect(err).toMatch(/^error: .*--(layers|dim|hidden|heads|context|batch|accumulate|threads|seeds).*\n$/);
});

/** Faults of the file system that a person may meet, and how each is named. */
const FAULTS: Readonly<Record<string, RegExp>> = {
  ENOSPC: /no space is left on the disk/,
  EROFS: /the file system is read-only/,
  EACCES: /permission is denied/,
  EPERM: /not permitted/,
  ENAMETOOLONG: /the name is too long/,
  EMFILE: /too many files are open/,
  EIO: /the disk failed/,
  EWEIRD: /the system says EWEIRD/,
};

test("whatever the file system refuses, every command ends with one line: path, problem, consequence, remedy", async () => {
  const folder = workplace();
  await run(folder, "--data", "text.txt", ...TINY, "--steps", "2", "--name", "a");
  await run(folder, "--data", "text.txt", ...TINY, "--steps", "2", "--seed", "1", "--name", "b");
  const commands = [
    ["--data", "text.txt", ...TINY, "--steps", "2"],
    ["--data", "text.txt", ...TINY, "--steps", "2", "--compare", "sumo"],
    ["--init", "a", "--data", "text.txt", "--context", "16", "--batch", "2", "--steps", "2", "--threads", "1"],
    ["--resume", "a", "--steps", "4"],
    ["--sample", "a"],
    ["export", "a", "out"],
    ["export-adapter", "b", "a", "out"],
    ["runs", "show", "a"],
  ];
  const calls = commands.flatMap((words) => [
    { words, kind: "read" },
    ...(words[0] === "runs" || words[0] === "--sample" ? [] : [{ words, kind: "write" }]),
  ]);
  const faults = Object.entries(FAULTS);
  for (const [i, { words, kind }] of calls.entries()) {
    const [code, problem] = faults[i % faults.length]!;
    const ended = await startOnDisk(folder, { DISK_AT: "0", DISK_FAULT: code, DISK_CALLS: kind }, ...words).ended;
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/^error: [^:\n]*: [^;\n]*; [^;\n]*; .*\n$/);
    expect(ended.err).toMatch(problem);
  }
});

test("a name that is too long and a file in the way are refused by the system, in one line", async () => {
  const folder = workplace();
  const named = await run(folder, "--data", "text.txt", ...TINY, "--name", "n".repeat(300));
  expect(named).toMatchObject({ code: 1, err: expect.stringMatching(/^error: .*: the name is too long .*\n$/) });
  await run(folder, "--data", "text.txt", ...TINY, "--steps", "2", "--name", "a");
  const exported = await run(folder, "export", "a", "text.txt");
  expect(exported).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^error: .*text\.txt: a file .* in the way; .*\n$/),
  });
  const long = `${"t".repeat(250)}.md`;
  writeFileSync(join(folder, long), readFileSync(join(folder, "text.txt")));
  expect((await run(folder, "--data", long, ...TINY, "--steps", "2")).code).toBe(0);
});

test("--verbose prints the stack, and nothing else does", async () => {
  const words = ["--data", "nowhere.txt"];
  expect((await run(workplace(), ...words)).err).not.toContain("    at ");
  expect((await run(workplace(), ...words, "--verbose")).err).toMatch(/^error: .*\n(.*\n)* {4}at /);
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
