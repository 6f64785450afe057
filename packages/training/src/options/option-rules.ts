import type { OptimizerName } from "@sumo/core";
import { UsageError } from "../errors.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import type { TrainOptions } from "./train-options.ts";

/** Whether a resumed run may set an option anew: `free` options change nothing that a step computes. */
export const OPTION_RULES: Readonly<Record<keyof TrainOptions, "fixed" | "free">> = {
  data: "fixed",
  vocab: "fixed",
  loss: "fixed",
  pack: "fixed",
  init: "fixed",
  adapter: "fixed",
  dim: "fixed",
  layers: "fixed",
  heads: "fixed",
  kvHeads: "fixed",
  hidden: "fixed",
  context: "fixed",
  tied: "fixed",
  weights: "fixed",
  train: "fixed",
  method: "fixed",
  alpha: "fixed",
  targets: "fixed",
  optimizer: "fixed",
  rank: "fixed",
  stateBits: "fixed",
  lr: "fixed",
  auxLr: "fixed",
  momentum: "fixed",
  residual: "fixed",
  equilibrate: "fixed",
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
  evalAnswers: "free",
  finalTokens: "free",
  checkpointEvery: "free",
};

/** Every training option, in the order in which `config.json` lists them. */
export const OPTION_NAMES: readonly (keyof TrainOptions)[] = Object.keys(OPTION_RULES) as (keyof TrainOptions)[];

/** Options of the optimizer of the hidden matrices alone. The others that an optimizer takes are the run's or AdamW's too. */
const OPTIMIZER_OPTIONS = [
  "rank",
  "stateBits",
  "momentum",
  "residual",
  "equilibrate",
] as const satisfies readonly (keyof TrainOptions)[];

/** Values that optimizers refuse of an option that they have, with the flag that they belong to. */
const MISPLACED: readonly {
  readonly optimizers: readonly OptimizerName[];
  readonly name: keyof TrainOptions;
  readonly belongsTo: string;
  isFound(options: TrainOptions): boolean;
}[] = [
  {
    optimizers: ["sumo", "adamw"],
    name: "stateBits",
    belongsTo: "--optimizer muon",
    isFound: ({ stateBits }) => stateBits === 4,
  },
  {
    optimizers: ["sumo"],
    name: "equilibrate",
    belongsTo: "--residual joint",
    isFound: ({ equilibrate, residual }) => equilibrate === "rows" && residual !== "joint",
  },
];

/** Options of LoRA alone. */
const LORA_OPTIONS = ["alpha", "targets"] as const satisfies readonly (keyof TrainOptions)[];

/**
 * The training options among `options`; properties that are none are left out.
 *
 * @throws {UsageError} if the optimizer or the method does not take one that is set, or its value.
 */
export function trainOptions(options: TrainOptions): TrainOptions {
  const { method, optimizer } = options;
  const strange = method === "lora" ? undefined : LORA_OPTIONS.find((name) => options[name] !== undefined);
  if (strange !== undefined) throw new UsageError(`${flagOf(strange)} belongs to --method lora`);
  const unused = unusedOptions(options, optimizer)[0];
  if (unused !== undefined) throw new UsageError(`${flagOf(unused)} means nothing to ${optimizer}`);
  const misplaced = misplacedValues(options, optimizer)[0];
  if (misplaced !== undefined) {
    const { name, belongsTo } = misplaced;
    throw new UsageError(`${flagOf(name)} ${String(options[name])} belongs to ${belongsTo}`);
  }
  return pick(checkedMethod(options));
}

/**
 * The training options among `options` with another optimizer; those that it, or the method, does not take are left out.
 *
 * @throws {UsageError} for LoRA of a new model, of more than hidden matrices, or of bfloat16 weights.
 */
export function trainOptionsWith(options: TrainOptions, optimizer: OptimizerName): TrainOptions {
  const misplaced = misplacedValues(options, optimizer).map(({ name }) => name);
  const lora = options.method === "lora" ? [] : LORA_OPTIONS;
  const unused = [...unusedOptions(options, optimizer), ...misplaced, ...lora];
  return pick(checkedMethod({ ...options, optimizer, ...Object.fromEntries(unused.map((name) => [name, undefined])) }));
}

function checkedMethod(options: TrainOptions): TrainOptions {
  const { method, init, train } = options;
  if (method === "lora" && init === undefined) throw new UsageError("--method lora belongs to --init");
  if (method === "lora" && train === "all") {
    throw new UsageError(
      "--train all does not go with --method lora, which trains factors of the hidden matrices alone",
    );
  }
  if (method === "lora" && options.weights === "bf16") {
    throw new UsageError("--weights bf16 does not go with --method lora: leave one of them out");
  }
  return options;
}

/** An option as the command line spells it: `evalEvery` is `--eval-every`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function unusedOptions(options: TrainOptions, optimizer: OptimizerName): (keyof TrainOptions)[] {
  const isTaken = (name: keyof TrainOptions): boolean =>
    OPTIMIZERS[optimizer].takes.includes(name) || (name === "rank" && options.method === "lora");
  return OPTIMIZER_OPTIONS.filter((name) => options[name] !== undefined && !isTaken(name));
}

const misplacedValues = (options: TrainOptions, optimizer: OptimizerName) =>
  MISPLACED.filter((value) => value.optimizers.includes(optimizer) && value.isFound(options));

function pick(options: TrainOptions): TrainOptions {
  const given = OPTION_NAMES.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]])) as unknown as TrainOptions;
}
