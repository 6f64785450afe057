import type { OptimizerName } from "@sumo/core";
import type { Command } from "commander";
import { UsageError } from "./errors.ts";

export const OPTIMIZERS: readonly OptimizerName[] = ["sumo", "adamw", "muon", "galore", "soap", "sgd"];

export const ENGINES = ["wasm", "native"] as const;
type EngineName = (typeof ENGINES)[number];

export const RESIDUALS = ["off", "raw", "fira", "joint"] as const;
type ResidualName = (typeof RESIDUALS)[number];

export const SCHEDULES = ["cosine", "linear", "wsd", "constant"] as const;
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
  readonly residual?: ResidualName;
  readonly beta2: number;
  readonly weightDecay: number;
  readonly schedule: ScheduleName;
  readonly warmup: number;
  readonly finalLr: number;

  readonly steps: number;
  readonly batch: number;
  readonly accumulate: number;
  readonly recompute?: true;
  readonly engine?: EngineName;
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
  residual: "fixed",
  beta2: "fixed",
  weightDecay: "fixed",
  schedule: "fixed",
  warmup: "fixed",
  finalLr: "fixed",
  steps: "free", // the schedule is stretched over the new number of steps
  batch: "fixed",
  accumulate: "fixed",
  recompute: "free",
  engine: "free", // but for rounding
  seed: "fixed",
  evalEvery: "free",
  evalTokens: "free",
  finalTokens: "free",
  checkpointEvery: "free",
};
const NAMES = Object.keys(TRAINING) as (keyof TrainOptions)[];
/** Options that a resumed run may give again, as they are typed. */
export const FREE: readonly string[] = NAMES.filter((name) => TRAINING[name] === "free").map(flag);

/** Optimizers that an option is for, where it is not for all. */
const MEANT_FOR: Partial<Record<keyof TrainOptions, readonly OptimizerName[]>> = {
  rank: ["sumo", "galore"],
  momentum: ["sumo", "muon", "sgd"],
  residual: ["sumo"],
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
