import type { OptimizerName } from "@sumo/core";
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "./errors.ts";
import { BYTES, MOST_TOKENS } from "./tokenizer.ts";

const OPTIMIZERS: readonly OptimizerName[] = ["sumo", "adamw", "muon", "galore", "sgd"];

const SCHEDULES = ["cosine", "linear", "wsd", "constant"] as const;
type ScheduleName = (typeof SCHEDULES)[number];

/** What a training run is made of. Written into the run's `config.json`, so that it can be resumed. */
export interface TrainOptions {
  readonly data: string;
  readonly vocab: number;
  /** A model to begin with instead of random weights. */
  readonly init?: string;

  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads?: number;
  readonly hidden?: number;
  readonly context: number;
  readonly tied?: true;

  readonly optimizer: OptimizerName;
  readonly rank?: number;
  readonly lr?: number;
  readonly auxLr: number;
  readonly momentum?: number;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly schedule: ScheduleName;
  readonly warmup: number;
  readonly finalLr: number;

  readonly steps: number;
  readonly batch: number;
  readonly accumulate: number;
  readonly recompute?: true;
  readonly seed: number;
  readonly evalEvery: number;
  readonly evalTokens: number;
  readonly finalTokens: number;
  readonly checkpointEvery: number;
}

/** How text is drawn from a trained model. */
export interface SampleOptions {
  readonly prompt: string;
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
}

/** Everything that the command line says. */
export interface CliOptions extends TrainOptions, SampleOptions {
  readonly name?: string;
  readonly runs: string;
  readonly threads?: number;
  readonly resume?: string;
  readonly sample?: string;
  readonly compare?: readonly OptimizerName[];
  readonly seeds: number;
  readonly sweep?: readonly number[];
}

/** Every training option, and whether a resumed run may give it again: those that change nothing that a step computes may. */
const TRAINING: Readonly<Record<keyof TrainOptions, "fixed" | "free">> = {
  data: "fixed",
  vocab: "fixed",
  init: "fixed",
  dim: "fixed",
  layers: "fixed",
  heads: "fixed",
  kvHeads: "fixed",
  hidden: "fixed",
  context: "fixed",
  tied: "fixed",
  optimizer: "fixed",
  rank: "fixed",
  lr: "fixed",
  auxLr: "fixed",
  momentum: "fixed",
  beta2: "fixed",
  weightDecay: "fixed",
  schedule: "fixed",
  warmup: "fixed",
  finalLr: "fixed",
  steps: "free", // the schedule is stretched over the new number of steps
  batch: "fixed",
  accumulate: "fixed",
  recompute: "free",
  seed: "fixed",
  evalEvery: "free",
  evalTokens: "free",
  finalTokens: "free",
  checkpointEvery: "free",
};
const NAMES = Object.keys(TRAINING) as (keyof TrainOptions)[];
const FREE = NAMES.filter((name) => TRAINING[name] === "free").map(flag);

/** Adds every option, with its help, to a command. */
export function addOptions(command: Command): Command {
  addDataAndModel(command);
  addOptimizer(command);
  addRun(command);
  addComparison(command);
  addSample(command);
  return command;
}

function addDataAndModel(command: Command): void {
  command
    .optionsGroup("Data:")
    .option(
      "--data <source>",
      "a UTF-8 text file, a folder of .txt and .md files, or a built-in text: moby-dick (1.2 MB), sotu (10.8 MB); the last tenth is held out",
      "moby-dick",
    )
    .option(
      "--vocab <n>",
      "tokens: 256 are the bytes; more are learned from the text by byte-pair encoding",
      vocabulary,
      BYTES,
    )
    .optionsGroup("Model:")
    .addOption(
      new Option(
        "--init <model>",
        "fine-tune a run's model, or one in a folder of Hugging Face's LLaMA layout",
      ).conflicts(["vocab", "dim", "layers", "heads", "kvHeads", "hidden", "tied"]),
    )
    .option("--dim <n>", "width, a multiple of twice the heads", whole(2), 128)
    .option("--layers <n>", "transformer layers", whole(1), 4)
    .option("--heads <n>", "attention heads", whole(1), 4)
    .option("--kv-heads <n>", "key and value heads, a divisor of the heads (default: as many as heads)", whole(1))
    .option("--hidden <n>", "width of the feed-forward layers (default: 8/3 of dim, rounded up to 32)", whole(1))
    .option("--context <n>", "tokens that the model looks back", whole(2), 128)
    .option("--tied", "share the embedding with the output head");
}

function addOptimizer(command: Command): void {
  command
    .optionsGroup("Optimizer:")
    .addOption(
      new Option("--optimizer <name>", "for the hidden matrices; embeddings, norms and the head always use AdamW")
        .choices(OPTIMIZERS)
        .default("sumo"),
    )
    .option(
      "--rank <n>",
      "dimension of SUMO's or GaLore's subspace (default: a quarter of a matrix's shorter side), or of an exported adapter (default: 8)",
      whole(1),
    )
    .option(
      "--lr <x>",
      "learning rate of the hidden matrices (default: sumo 8e-3, adamw 1.5e-3, muon 8e-3, galore 5e-3, sgd 0.1)",
      positive,
    )
    .option("--aux-lr <x>", "AdamW's learning rate for embeddings, norms and the head", positive, 3e-3)
    .option("--momentum <x>", "of sumo, muon and sgd, in [0, 1) (default: the optimizer's own)", between(0, 1, "[)"))
    .option("--beta2 <x>", "AdamW's decay of squared gradients, in [0, 1)", between(0, 1, "[)"), 0.99)
    .option(
      "--weight-decay <x>",
      "decoupled weight decay of the matrices",
      between(0, Number.POSITIVE_INFINITY, "[)"),
      0,
    )
    .addOption(new Option("--schedule <name>", "course of both learning rates").choices(SCHEDULES).default("cosine"))
    .option("--warmup <n>", "steps of linear warm-up", whole(0), 20)
    .option("--final-lr <x>", "where the schedule ends, as a fraction of its peak", between(0, 1, "[]"), 0.1);
}

function addRun(command: Command): void {
  command
    .optionsGroup("Run:")
    .option("--steps <n>", "updates in all", whole(1), 600)
    .option("--batch <n>", "windows of one context in a pass", whole(1), 8)
    .option(
      "--accumulate <n>",
      "passes that make up a step: larger steps without more memory for activations",
      whole(1),
      1,
    )
    .option("--recompute", "keep less of a pass and compute it again on the way back: for long contexts")
    .option(
      "--threads <n>",
      "cores to use, at most one for each window; the bits do not depend on it (default: all)",
      whole(1),
    )
    .option(
      "--seed <n>",
      "of weights, batches, subspaces and samples: the same seed gives the same losses",
      whole(0),
      0,
    )
    .option("--eval-every <n>", "steps between two measurements on held-out text", whole(1), 50)
    .option("--eval-tokens <n>", "held-out tokens for each of them", whole(1), 8192)
    .option(
      "--final-tokens <n>",
      "held-out tokens for the closing measurement, spread over all of them",
      whole(1),
      131072,
    )
    .option("--checkpoint-every <n>", "steps between two checkpoints", whole(1), 100)
    .option("--name <name>", "of the run's folder (default: from data and optimizer)", runName)
    .option("--runs <folder>", "where runs are kept", "runs")
    .option("--resume <run>", `go on with a run; only ${FREE.join(", ")} may be given again`);
}

function addComparison(command: Command): void {
  command
    .optionsGroup("Comparison:")
    .addOption(
      new Option(
        "--compare <names>",
        "train several optimizers alike and show one table, e.g. sumo,adamw,muon,galore; Muon without momentum always takes part",
      )
        .argParser(optimizers)
        .conflicts(["resume", "sample"]),
    )
    .option("--seeds <n>", "compare over so many seeds, from --seed on: mean and deviation", whole(1), 1)
    .addOption(
      new Option(
        "--sweep <rates>",
        "lr=a,b,c: each optimizer tries these with the first seed and keeps its best",
      ).argParser(rates),
    );
}

function addSample(command: Command): void {
  command
    .optionsGroup("Sample:")
    .addOption(new Option("--sample <run>", "write text with a trained run instead of training").conflicts("resume"))
    .option("--prompt <text>", "how the text begins", nonEmpty, "\n")
    .option("--length <n>", "tokens to write", whole(1), 400)
    .option(
      "--temperature <x>",
      "0 takes the likeliest token; 1 draws as the model says",
      between(0, Number.POSITIVE_INFINITY, "[)"),
      0.8,
    )
    .option("--top-k <n>", "draw among the k likeliest tokens only", whole(1))
    .option(
      "--top-p <x>",
      "draw among the likeliest tokens that make up this probability, in (0, 1]",
      between(0, 1, "(]"),
    );
}

/** Optimizers that an option is for, where it is not for all. */
const MEANT_FOR: Partial<Record<keyof TrainOptions, readonly OptimizerName[]>> = {
  rank: ["sumo", "galore"],
  momentum: ["sumo", "muon", "sgd"],
};

/**
 * The part of the command line that a run is made of.
 *
 * @throws {UsageError} if an option was given that the optimizer has no use for.
 */
export function trainOptions(options: CliOptions): TrainOptions {
  const idle = idleOptions(options, options.optimizer)[0];
  if (idle !== undefined) throw new UsageError(`${flag(idle)} means nothing to ${options.optimizer}`);
  return pick(options);
}

/** The part of the command line that one contestant's runs are made of: the optimizer is set, and what it has no use for is left out. */
export function contestantOptions(options: CliOptions, optimizer: OptimizerName): TrainOptions {
  const idle = idleOptions(options, optimizer);
  return pick({ ...options, optimizer, ...Object.fromEntries(idle.map((name) => [name, undefined])) });
}

function idleOptions(options: TrainOptions, optimizer: OptimizerName): (keyof TrainOptions)[] {
  return NAMES.filter((name) => options[name] !== undefined && MEANT_FOR[name]?.includes(optimizer) === false);
}

function pick(options: TrainOptions): TrainOptions {
  const given = NAMES.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]])) as unknown as TrainOptions;
}

/**
 * A run's own options with what the command line may change.
 *
 * @throws {UsageError} if an option was given that a run cannot change once it has begun.
 */
export function resumedOptions(saved: TrainOptions, command: Command): TrainOptions {
  const given = NAMES.filter((name) => command.getOptionValueSource(name) === "cli");
  const fixed = given.filter((name) => TRAINING[name] === "fixed").map(flag);
  if (fixed.length > 0)
    throw new UsageError(`${fixed.join(", ")} cannot change in a resumed run; only ${FREE.join(", ")} can`);
  return { ...saved, ...Object.fromEntries(given.map((name) => [name, command.getOptionValue(name)])) };
}

/** @throws {UsageError} if an option was given that says something about another one, which was not. */
export function checkDependent(command: Command): void {
  const lonely = ["seeds", "sweep"].find((name) => command.getOptionValueSource(name) === "cli");
  if (lonely !== undefined && command.getOptionValue("compare") === undefined) {
    throw new UsageError(`${flag(lonely)} belongs to --compare`);
  }
}

/** `evalEvery` as it is typed: `--eval-every`. */
function flag(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number >= ${least}.`);
    }
    return value;
  };
}

function optimizers(text: string): OptimizerName[] {
  const names = text.split(",");
  const stranger = names.find((name) => !(OPTIMIZERS as readonly string[]).includes(name));
  if (stranger !== undefined)
    throw new InvalidArgumentError(`Expected names from ${OPTIMIZERS.join(", ")}, with commas between.`);
  return names as OptimizerName[];
}

function rates(text: string): number[] {
  if (!text.startsWith("lr=")) throw new InvalidArgumentError("Expected lr=a,b,c.");
  return text.slice("lr=".length).split(",").map(positive);
}

function vocabulary(text: string): number {
  const value = whole(BYTES)(text);
  if (value > MOST_TOKENS) throw new InvalidArgumentError(`Expected at most ${MOST_TOKENS}.`);
  return value;
}

function positive(text: string): number {
  return between(0, Number.POSITIVE_INFINITY, "()")(text);
}

/** A number in an interval; the brackets say which ends belong to it. */
function between(from: number, to: number, ends: "[]" | "[)" | "(]" | "()"): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const above = ends[0] === "[" ? value >= from : value > from;
    const below = ends[1] === "]" ? value <= to : value < to;
    if (!(above && below)) throw new InvalidArgumentError(`Expected a number in ${ends[0]}${from}, ${to}${ends[1]}.`);
    return value;
  };
}

function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("Expected at least one character.");
  return text;
}

function runName(text: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(text))
    throw new InvalidArgumentError("Expected letters, digits, dots, dashes and underscores.");
  return text;
}
