import { rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import type { CliOptions } from "../src/cli/cli-options.ts";
import { startRun } from "../src/cli/commands/start.ts";
import { addOptions } from "../src/cli/flags.ts";
import { formatError } from "../src/cli/report-error.ts";
import { joinRanks } from "../src/training/ranks.ts";
import { workplace } from "./command-line.ts";

/** Options of the smallest run, and small values for every option of training. */
const SMALLEST =
  "--data text.txt --dim 8 --layers 1 --heads 2 --context 8 --batch 2 --steps 2 --eval-tokens 16 --final-tokens 16 --length 2 --threads 1";
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "--vocab": ["256", "258"],
  "--dim": ["2", "4", "6", "16"],
  "--layers": ["1", "2"],
  "--heads": ["1", "2", "3"],
  "--kv-heads": ["1", "2", "3"],
  "--hidden": ["2", "5"],
  "--context": ["2", "3"],
  "--tied": [""],
  "--weights": ["f32", "bf16"],
  "--train": ["all", "hidden"],
  "--optimizer": ["sumo", "adamw", "muon", "galore", "soap", "sgd"],
  "--rank": ["1", "3", "9"],
  "--state-bits": ["4", "8", "32"],
  "--lr": ["1e-3", "10"],
  "--aux-lr": ["1e-3", "10"],
  "--momentum": ["0", "0.5"],
  "--residual": ["off", "raw", "fira", "joint"],
  "--equilibrate": ["off", "rows"],
  "--beta2": ["0", "0.5"],
  "--weight-decay": ["0", "1"],
  "--schedule": ["cosine", "linear", "wsd", "constant"],
  "--warmup": ["0", "1", "30"],
  "--final-lr": ["0", "1"],
  "--steps": ["1", "3"],
  "--batch": ["1", "3"],
  "--accumulate": ["1", "2"],
  "--recompute": [""],
  "--threads": ["1"],
  "--seed": ["0", "9007199254740991"],
  "--eval-every": ["1", "5"],
  "--eval-tokens": ["1", "100000"],
  "--final-tokens": ["1", "100000"],
  "--checkpoint-every": ["1", "5"],
  "--prompt": ["x"],
  "--length": ["1", "20"],
  "--temperature": ["0", "5"],
  "--top-k": ["1", "1000"],
  "--top-p": ["0.1", "1"],
};

const FLAGS = addOptions(new Command()).options.map(({ long }) => long!);
/** Options that do not change what a run computes. */
const OTHERS = [
  "--data",
  "--loss",
  "--pack",
  "--eval-answers", // of examples alone
  "--init",
  "--adapter",
  "--method", // of fine-tuning alone
  "--alpha",
  "--targets",
  "--engine",
  "--name",
  "--runs",
  "--shard-state",
  "--resume",
  "--compare",
  "--seeds",
  "--sweep",
  "--sample",
  "--profile",
  "--verbose",
];

test("the table has every option of training", () => {
  expect([...Object.keys(VALUES), ...OTHERS].sort()).toEqual([...FLAGS].sort());
});

/** Runs the command line in this process. Returns the error's line, if there is one. */
async function failure(folder: string, words: readonly string[]): Promise<string | undefined> {
  let said: string | undefined;
  const command = addOptions(new Command("train"))
    .exitOverride()
    .configureOutput({ writeErr: (text) => (said = text) });
  const screen = { write: () => {}, isTTY: false, closed: new AbortController().signal };
  try {
    command.parse([...words, "--runs", join(folder, "runs"), "--name", "a"], { from: "user" });
    expect(await startRun(command.opts<CliOptions>(), folder, screen, joinRanks())).toBe(0);
    return undefined;
  } catch (error) {
    return said ?? formatError(error, false);
  } finally {
    rmSync(join(folder, "runs"), { recursive: true, force: true });
  }
}

test("any two options with small values make a run, or are refused with an option that can be typed", async () => {
  const folder = workplace();
  const flags = Object.keys(VALUES);
  const pairs = flags.flatMap((one, i) => flags.slice(i + 1).map((other) => [one, other] as const));
  const wrong: string[] = [];
  let ran = 0;
  for (const [i, pair] of pairs.entries()) {
    // Each pair of options once; the values take turns.
    const words = pair.flatMap((flag, at) => {
      const value = VALUES[flag]![(i + at) % VALUES[flag]!.length]!;
      return value === "" ? [flag] : [flag, value];
    });
    const line = await failure(folder, [...SMALLEST.split(" "), ...words]);
    if (line === undefined) ran++;
    else if (!FLAGS.some((flag) => line.includes(flag)) || line.includes("unexpected"))
      wrong.push(`${words.join(" ")}: ${line}`);
  }
  expect(wrong).toEqual([]);
  expect(ran).toBeGreaterThan(pairs.length / 2);
}, 600_000);
