import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { checkpoint, logged, losses, run, start, TINY, workplace } from "./command-line.ts";

const LONG = ["--data", "text.txt", ...TINY, "--steps", "100", "--eval-every", "20", "--checkpoint-every", "11"];

test("a run from text to model: every step is logged, the loss falls, and the folder holds what was promised", async () => {
  const folder = workplace();
  const { code, out, err } = await run(
    folder,
    "--data",
    "text.txt",
    ...TINY,
    "--steps",
    "60",
    "--eval-every",
    "20",
    "--name",
    "a",
  );
  expect(err).toBe("");
  expect(code).toBe(0);
  const files = [
    "checkpoint.json",
    "config.json",
    "log.jsonl",
    "model.safetensors",
    "optimizer.safetensors",
    "tokenizer.json",
  ];
  expect(readdirSync(join(folder, "runs", "a")).sort()).toEqual(files);
  const lines = losses(folder, "a");
  expect(lines.map(({ step }) => step)).toEqual([...Array(61).keys(), 60]);
  const validation = lines.filter((line) => line.validation !== undefined);
  expect(validation.map(({ step }) => step)).toEqual([0, 20, 40, 60]);
  expect(validation.at(-1)!.validation!).toBeLessThan(validation[0]!.validation! - 1);
  expect(lines.at(-1)!.final!.natsPerByte).toBeLessThan(validation[0]!.validation! - 1);
  for (const promised of [
    "2,700 bytes",
    "of AdamW's",
    "at the speed of trial passes",
    "validation",
    "held-out",
    "runs/a/log.jsonl",
    "--resume a --steps 120",
  ]) {
    expect(out).toContain(promised);
  }
});

test("a profile says which kernels of model and optimizer took the steps' time, and changes no bit of the run", async () => {
  const folder = workplace();
  const words = ["--data", "text.txt", ...TINY, "--dim", "96", "--context", "64", "--batch", "4", "--steps", "30"];
  const { code, out } = await run(folder, ...words, "--profile", "--name", "a");
  expect(code).toBe(0);
  const table = out.slice(out.indexOf("the time of 30 steps:"), out.indexOf("held-out tokens"));
  const rows = Array.from(table.matchAll(/│ (model|optimizer) *│ (\w+) *│ *([\d.]+) │ *([\d.]+) % │/g));
  for (const part of ["model", "optimizer"]) expect(rows.map(([, each]) => each)).toContain(part);
  expect(rows.map(([, part, name]) => `${part} ${name}`)).toContain("model gemm");
  const shares = rows.map(([, , , , share]) => Number(share));
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(shares.every((share) => share >= 1)).toBe(true);
  expect(table).toMatch(/│ all *│ *[\d.]+ │ 100\.0 % │/);
  const plain = await run(folder, ...words, "--name", "b");
  expect(plain.out).not.toContain("the time of");
  expect(losses(folder, "b")).toEqual(losses(folder, "a"));
});

test("the commands that a run prints can be typed as they are, whatever its folder is called", async () => {
  const folder = workplace();
  const words = ["--data", "text.txt", ...TINY, "--steps", "4", "--runs", "my 'old' runs", "--name", "a"];
  const { out } = await run(folder, ...words);
  const printed = /train (--runs .*--resume a --steps \d+)/.exec(out)![1]!;
  const typed = execFileSync("/bin/sh", ["-c", `for word in ${printed}; do echo "$word"; done`], { encoding: "utf8" });
  const { code, err } = await run(folder, ...typed.trim().split("\n"));
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(losses(folder, "a", "my 'old' runs").at(-1)!.step).toBeGreaterThan(4);
});

test.skipIf(process.platform === "win32")("the starter says how to start it where pnpm is not on the path", () => {
  const starter = fileURLToPath(new URL("../../../scripts/train.js", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [starter, "--help"], {
    encoding: "utf8",
    env: { PATH: "/nowhere" },
  });
  expect(status).toBe(1);
  expect(stderr).toBe(
    "error: pnpm is not on the path, and the build needs it; start the trainer with: npx -y pnpm@12.21.0 train\n",
  );
});

test("the same seed gives the same losses and weights, another seed others; runs get names of their own", async () => {
  const folder = workplace();
  const words = ["--data", "text.txt", ...TINY, "--steps", "12", "--eval-every", "5"];
  for (const seed of ["1", "1", "2"]) expect((await run(folder, ...words, "--seed", seed)).code).toBe(0);
  expect(readdirSync(join(folder, "runs")).sort()).toEqual(["text-sumo-1", "text-sumo-2", "text-sumo-3"]);
  expect(losses(folder, "text-sumo-2")).toEqual(losses(folder, "text-sumo-1"));
  expect(checkpoint(folder, "text-sumo-2")).toEqual(checkpoint(folder, "text-sumo-1"));
  expect(losses(folder, "text-sumo-3")).not.toEqual(losses(folder, "text-sumo-1"));
});

test("killed at any moment and resumed, twice, a run is what it would have been: the same bits, each step logged once", async () => {
  const folder = workplace();
  await run(folder, ...LONG, "--name", "whole");
  for (const [words, lines] of [
    [[...LONG, "--name", "killed"], 30],
    [["--resume", "killed"], 60],
  ] as const) {
    const { child, ended } = start(folder, ...words);
    await logged(folder, "killed", lines);
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
  }
  expect((await run(folder, "--resume", "killed")).code).toBe(0);
  expect(losses(folder, "killed")).toEqual(losses(folder, "whole"));
  expect(checkpoint(folder, "killed")).toEqual(checkpoint(folder, "whole"));
});

test("a run that is being trained is not trained twice", async () => {
  const folder = workplace();
  const { child, ended } = start(folder, ...LONG, "--steps", "2000", "--name", "busy");
  await logged(folder, "busy", 10);
  const second = await run(folder, "--resume", "busy");
  expect(second.code).toBe(1);
  expect(second.err).toContain(`is being trained by process ${child.pid} `);
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
  expect(readdirSync(join(folder, "runs", "busy"))).not.toContain("lock");
});

test("a run that was killed before its first checkpoint begins again", async () => {
  const folder = workplace();
  const words = [...LONG, "--checkpoint-every", "1000"];
  const { child, ended } = start(folder, ...words, "--name", "early");
  await logged(folder, "early", 20);
  child.kill("SIGKILL");
  await ended;
  expect((await run(folder, "--resume", "early")).code).toBe(0);
  expect(losses(folder, "early").map(({ step }) => step)).toEqual([...Array(101).keys(), 100]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s saves, says how to go on, and loses nothing", async (signal, exitCode) => {
  const folder = workplace();
  await run(folder, ...LONG, "--name", "whole");
  const { child, ended } = start(folder, ...LONG, "--name", "stopped", "--checkpoint-every", "1000");
  await logged(folder, "stopped", 30);
  child.kill(signal);
  const { code, out } = await ended;
  expect(code).toBe(exitCode);
  expect(out).toContain("--resume stopped");
  const [, step] = /saved at step (\d+) of 100/.exec(out)!;
  expect(losses(folder, "stopped").at(-1)!.step).toBe(Number(step));
  expect((await run(folder, "--resume", "stopped")).code).toBe(0);
  expect(losses(folder, "stopped")).toEqual(losses(folder, "whole"));
});

test("a finished run goes on with more steps, and refuses without", async () => {
  const folder = workplace();
  await run(folder, "--data", "text.txt", ...TINY, "--steps", "10", "--name", "a");
  const refused = await run(folder, "--resume", "a");
  expect(refused).toMatchObject({
    code: 1,
    err: "error: a has made all of its 10 steps; give it more to go on: --steps 20\n",
  });
  expect((await run(folder, "--resume", "a", "--steps", "20")).code).toBe(0);
  expect(losses(folder, "a").map(({ step }) => step)).toEqual([
    ...Array(11).keys(),
    10,
    ...Array.from({ length: 10 }, (_, i) => 11 + i),
    20,
  ]);
});

test("every optimizer learns, with a vocabulary of its own, grouped queries and a tied head too", async () => {
  const folder = workplace();
  for (const optimizer of ["sumo", "adamw", "muon", "galore", "soap", "sgd"]) {
    const extra = [
      "--optimizer",
      optimizer,
      "--vocab",
      "270",
      "--kv-heads",
      "1",
      "--tied",
      "--steps",
      "30",
      "--name",
      optimizer,
    ];
    const { code, err } = await run(folder, "--data", "text.txt", ...TINY, ...extra);
    expect(err).toBe("");
    expect(code).toBe(0);
    const [first, last] = [losses(folder, optimizer)[0]!, losses(folder, optimizer).at(-1)!];
    expect(last.final!.validation).toBeLessThan(first.validation! - 0.5);
    expect(last.final!.natsPerByte).toBeLessThan(last.final!.validation);
  }
});

test("threads and recomputing leave every bit as it is", async () => {
  const folder = workplace();
  const words = ["--data", "text.txt", ...TINY, "--steps", "10", "--batch", "3"];
  expect((await run(folder, ...words, "--name", "plain")).code).toBe(0);
  expect((await run(folder, ...words, "--name", "threads", "--threads", "3")).code).toBe(0);
  expect((await run(folder, ...words, "--name", "recomputed", "--recompute")).code).toBe(0);
  for (const name of ["threads", "recomputed"]) {
    expect(losses(folder, name)).toEqual(losses(folder, "plain"));
    expect(checkpoint(folder, name)).toEqual(checkpoint(folder, "plain"));
  }
});

test("accumulated passes are one step over all their windows, and resume", async () => {
  const folder = workplace();
  const words = ["--data", "text.txt", ...TINY, "--optimizer", "sgd", "--schedule", "constant", "--steps", "9"];
  await run(folder, ...words, "--name", "whole", "--batch", "6");
  await run(folder, ...words, "--name", "parts", "--batch", "2", "--accumulate", "3", "--steps", "4");
  expect((await run(folder, "--resume", "parts", "--steps", "9")).code).toBe(0);
  const trained = (name: string): number[] => losses(folder, name).flatMap(({ loss }) => loss ?? []);
  const [whole, parts] = [trained("whole"), trained("parts")];
  expect(parts).toHaveLength(9);
  // Sums of 96 terms in another order, and what nine steps make of that, against losses that differ by far more between seeds.
  const tolerance = 9 * 96 * 2 ** -24 * whole[0]!;
  for (const [i, loss] of parts.entries()) expect(Math.abs(loss - whole[i]!)).toBeLessThan(tolerance);
});

test("a folder of texts is data; a text that changed is noticed", async () => {
  const folder = workplace();
  mkdirSync(join(folder, "library", ".git"), { recursive: true });
  writeFileSync(join(folder, "library", ".git", "x.txt"), "not a text");
  writeFileSync(join(folder, "library", "a.txt"), "one two three ".repeat(40));
  const { code, out } = await run(folder, "--data", "library", ...TINY, "--steps", "4", "--name", "a");
  expect(code).toBe(0);
  expect(out).toMatch(
    /library: 1 file, 1 document, 560 bytes, 560 tokens; the last tenth is held out; left out: 1 hidden \(\.git\)\n/,
  );
  writeFileSync(join(folder, "library", "b.txt"), "more");
  const refused = await run(folder, "--resume", "a", "--steps", "8");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("has changed since the run began");
  expect(existsSync(join(folder, "runs", "a", "log.jsonl"))).toBe(true);
});
