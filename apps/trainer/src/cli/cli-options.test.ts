import { trainOptions, UsageError } from "@sumo/training";
import { Command } from "commander";
import { expect, test } from "vitest";
import { type CliOptions, resumedOptions } from "./cli-options.ts";
import { addOptions } from "./flags.ts";

function parse(...words: string[]): { options: CliOptions; command: Command } {
  const command = addOptions(new Command("train"))
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  command.parse(words, { from: "user" });
  return { options: command.opts(), command };
}

test("without options: SUMO on Moby Dick", () => {
  expect(trainOptions(parse().options)).toMatchObject({
    data: "moby-dick",
    optimizer: "sumo",
    vocab: 256,
    seed: 0,
    schedule: "cosine",
  });
});

test("a run keeps what makes it, and no more", () => {
  const { options } = parse("--rank", "16", "--name", "x", "--prompt", "y", "--tied");
  const kept = trainOptions(options);
  expect(kept).toMatchObject({ rank: 16, tied: true });
  expect(kept).not.toHaveProperty("name");
  expect(kept).not.toHaveProperty("prompt");
  expect(trainOptions(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
});

test("nanoGPT's small setting can be said", () => {
  const words =
    "--optimizer adamw --layers 4 --heads 4 --dim 128 --context 64 --batch 12 --steps 2000 --lr 1e-3 --aux-lr 1e-3 --warmup 100 --final-lr 0.1 --beta2 0.99 --weight-decay 0.1";
  expect(trainOptions(parse(...words.split(" ")).options)).toMatchObject({
    optimizer: "adamw",
    layers: 4,
    heads: 4,
    dim: 128,
    context: 64,
    batch: 12,
    steps: 2000,
    lr: 1e-3,
    auxLr: 1e-3,
    warmup: 100,
    finalLr: 0.1,
    beta2: 0.99,
    weightDecay: 0.1,
    schedule: "cosine",
  });
});

test.each([
  "--rank 0",
  "--rank 1.5",
  "--rank -3",
  "--rank many",
  "--steps 0",
  "--steps 1e3",
  "--steps 99999999999999999999",
  "--lr 0",
  "--lr NaN",
  "--lr Infinity",
  "--lr=",
  "--momentum 1",
  "--final-lr 1.1",
  "--top-p 0",
  "--vocab 255",
  "--vocab 1048577",
  "--optimizer adam",
  "--schedule sine",
  "--residual most",
  "--name ../x",
  "--name=",
  "--prompt=",
  "--seed -1",
  "--batch",
  "--unheard-of",
  "word",
])("%s is refused", (words) => {
  expect(() => parse(...words.split(" "))).toThrow(/^error: /);
});

test("a resumed run may get more steps and other intervals, and keeps everything else", () => {
  const saved = trainOptions(parse("--rank", "16", "--steps", "50", "--eval-every", "5").options);
  expect(resumedOptions(saved, parse("--resume", "x").command)).toEqual(saved);
  expect(resumedOptions(saved, parse("--resume", "x", "--steps", "70", "--checkpoint-every", "7").command)).toEqual({
    ...saved,
    steps: 70,
    checkpointEvery: 7,
  });
  const refused = parse("--resume", "x", "--rank", "16", "--weight-decay", "0").command;
  expect(() => resumedOptions(saved, refused)).toThrow(UsageError);
  expect(() => resumedOptions(saved, refused)).toThrow("--rank, --weight-decay cannot change");
});
