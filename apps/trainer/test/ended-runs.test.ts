import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "@sumo/training";
import { digest } from "@sumo/training/text";
import { expect, test } from "vitest";
import { readManifest } from "../src/run/checkpoint-files.ts";
import { readLog } from "../src/run/log-file.ts";
import { checkpoint, logged, losses, run, runHere, start, startOnDisk, TINY, workplace } from "./command-line.ts";

const WORDS = ["--data", "text.txt", ...TINY, "--steps", "4", "--checkpoint-every", "2", "--eval-every", "2"];

/** Runs that write: from random weights, from a model, and one that goes on. Each is prepared in a folder of its own. */
const BEGINNINGS: Readonly<Record<string, { prepare: string[][]; words: string[]; name: string }>> = {
  "a run from random weights": { prepare: [], words: [...WORDS, "--name", "a"], name: "a" },
  "a run that fine-tunes": {
    prepare: [
      [...WORDS, "--name", "base"],
      ["export", "base", "published"],
    ],
    words: ["--init", "published", ...without(WORDS, "--dim", "--layers", "--heads"), "--name", "a"],
    name: "a",
  },
  "a run that goes on": {
    prepare: [[...WORDS, "--name", "a"]],
    words: ["--resume", "a", "--steps", "7"],
    name: "a",
  },
};

function without(words: readonly string[], ...options: string[]): string[] {
  return words.filter((word, i) => !options.includes(word) && !options.includes(words[i - 1] ?? ""));
}

async function prepared(folder: string, prepare: readonly string[][]): Promise<void> {
  for (const words of prepare) expect((await run(folder, ...words)).code).toBe(0);
}

/** Resumes run `a` in this process, with the last number of steps among `words`. */
function resume(folder: string, words: readonly string[]): Promise<number> {
  const steps = words[words.lastIndexOf("--steps") + 1]!;
  return runHere(folder, "--resume", "a", "--steps", steps, "--length", "5", "--threads", "1");
}

/** Digests of all files in a folder of runs, without those of run `but`. */
function filesOf(folder: string, but?: string): readonly (readonly [string, string])[] {
  const runs = join(folder, "runs");
  const names = readdirSync(runs).filter((name) => name !== but);
  return names.flatMap((name) =>
    readdirSync(join(runs, name)).map(
      (file) => [join(name, file), digest(readFileSync(join(runs, name, file)))] as const,
    ),
  );
}

/** Runs tasks two at a time. */
async function inPairs(count: number, task: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await task(next++);
  };
  await Promise.all([work(), work()]);
}

test.each(Object.entries(BEGINNINGS))(
  "%s, killed at any of its writing calls, loses nothing",
  async (_, { prepare, words, name }) => {
    const ready = workplace();
    await prepared(ready, prepare);
    const whole = workplace();
    cpSync(ready, whole, { recursive: true });
    const count = join(whole, "count");
    expect((await startOnDisk(whole, { DISK_COUNT: count }, ...words).ended).code).toBe(0);
    const calls = Number(readFileSync(count, "utf8"));
    expect(calls).toBeGreaterThan(40);
    const untouched = filesOf(whole, "a");
    const steps = Number(words[words.lastIndexOf("--steps") + 1]);
    let resumed = 0;
    await inPairs(calls, async (i) => {
      const folder = workplace();
      cpSync(ready, folder, { recursive: true });
      expect((await startOnDisk(folder, { DISK_AT: String(i), DISK_FAULT: "kill" }, ...words).ended).code).toBeNull();
      const home = join(folder, "runs", name);
      const log = existsSync(join(home, "log.jsonl")) ? readFileSync(join(home, "log.jsonl"), "utf8") : "";
      if (!existsSync(join(home, "config.json"))) {
        expect(log).toBe(""); // it had not begun
        await expect(resume(folder, words)).rejects.toThrow(RunError);
        rmSync(home, { recursive: true, force: true });
        expect((await run(folder, ...words)).code).toBe(0);
      } else if (readLog(join(home, "log.jsonl")).at(-1)?.step === steps && log.endsWith("}}\n")) {
        await expect(resume(folder, words)).rejects.toThrow("has made all of its"); // it had ended
      } else {
        expect(await resume(folder, words)).toBe(0);
        resumed++;
      }
      expect(losses(folder, name)).toEqual(losses(whole, name));
      expect(checkpoint(folder, name)).toEqual(checkpoint(whole, name));
      expect(filesOf(folder, "a")).toEqual(untouched);
      expect(readdirSync(home).sort()).toEqual(readdirSync(join(whole, "runs", name)).sort());
    });
    expect(resumed).toBeGreaterThan(calls / 2);
  },
  600_000,
);

test("on a disk that fails at any of its calls, a run ends with one line and loses nothing", async () => {
  const { words } = BEGINNINGS["a run from random weights"]!;
  const whole = workplace();
  const count = join(whole, "count");
  await startOnDisk(whole, { DISK_COUNT: count }, ...words).ended;
  await inPairs(Number(readFileSync(count, "utf8")), async (i) => {
    const folder = workplace();
    // A disk that is full stays so; another fault comes once.
    const fault = i % 2 === 0 ? { DISK_FAULT: "ENOSPC", DISK_LASTS: "yes" } : { DISK_FAULT: "EIO" };
    const { code, err } = await startOnDisk(folder, { DISK_AT: String(i), ...fault }, ...words).ended;
    const home = join(folder, "runs", "a");
    if (code === 0) return expect(existsSync(join(home, "lock"))).toBe(true); // the lock alone could not be deleted
    expect(code).toBe(1);
    expect(err).toMatch(/^error: \S*runs\S*: (no space is left on the disk|the disk failed)[^;]*; the run .*; .*\n$/);
    if (!existsSync(home)) return expect(err).toContain("was not begun");
    const saved = readManifest(home).step;
    if (!err.includes("lock: ")) expect(err).toContain(`the run is saved at step ${saved} of 4;`);
    if (saved < 4 || readLog(join(home, "log.jsonl")).at(-1)?.final === undefined) await resume(folder, words);
    expect(losses(folder, "a")).toEqual(losses(whole, "a"));
    expect(checkpoint(folder, "a")).toEqual(checkpoint(whole, "a"));
  });
}, 600_000);

test.each([
  ["checkpoint.json"],
  ["config.json"],
  ["log.jsonl"],
  ["model.safetensors"],
  ["optimizer.safetensors"],
  ["tokenizer.json"],
])("a %s that is missing, cut short or another run's is refused by name, and no file changes", async (name) => {
  const folder = workplace();
  await run(folder, ...WORDS, "--vocab", "260", "--name", "a");
  await run(folder, ...WORDS, "--vocab", "261", "--seed", "7", "--name", "b");
  const [path, foreign] = ["a", "b"].map((one) => join(folder, "runs", one, name)) as [string, string];
  const own = readFileSync(path);
  for (const content of [undefined, own.subarray(0, own.length / 2), readFileSync(foreign)]) {
    if (content === undefined) rmSync(path);
    else writeFileSync(path, content);
    const before = filesOf(folder);
    const { code, err } = await run(folder, "--resume", "a", "--steps", "9");
    expect(code).toBe(1);
    expect(err).toMatch(/^error: .*\n$/);
    expect(err).toContain(name);
    expect(filesOf(folder)).toEqual(before);
  }
});

test("a run whose output is closed saves, says so in one line, and goes on later with the same bits", async () => {
  const folder = workplace();
  const words = [...WORDS, "--steps", "300", "--eval-every", "1", "--checkpoint-every", "1000"];
  await run(folder, ...words, "--name", "whole");
  const { child, ended } = start(folder, ...words, "--name", "a");
  child.stdout!.once("data", () => child.stdout!.destroy());
  const { code, err } = await ended;
  expect(code).toBe(141);
  expect(err).toMatch(/^the output was closed: saved at step \d+ of 300 in .*; go on with\n {2}npx .*--resume a\n$/);
  expect(readdirSync(join(folder, "runs", "a"))).not.toContain("lock");
  expect(await resume(folder, words)).toBe(0);
  expect(losses(folder, "a")).toEqual(losses(folder, "whole"));
});

test("a run that another process has taken over stops, and writes no more", async () => {
  const folder = workplace();
  const { child, ended } = start(folder, ...WORDS, "--steps", "100000", "--name", "a");
  await logged(folder, "a", 5);
  const lock = join(folder, "runs", "a", "lock");
  expect(readFileSync(lock, "utf8")).toMatch(new RegExp(`^${child.pid} `));
  writeFileSync(lock, "1 another");
  const { code, err } = await ended;
  expect(code).toBe(1);
  expect(err).toMatch(/^error: another process has taken over .*\n$/);
  expect(readFileSync(lock, "utf8")).toBe("1 another");
});
