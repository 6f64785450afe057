import type { LlamaConfig, WeightFile } from "@sumo/llama";
import {
  formatBytes,
  peakRate,
  planRun,
  type RunPlan,
  type RunPlanOptions,
  rankOf,
  scalingOf,
  type TrainOptions,
  trainsAll,
} from "@sumo/training";
import { formatCount, formatDuration } from "../screen/format.ts";
import type { Facts } from "../screen/screen.ts";
import { type Ranks, shardsOf } from "./ranks.ts";
import type { ReadyRun } from "./ready-run.ts";

/** Summarizes a run before its first step: data, model, training, memory. @param folder - as it is printed. */
export function summarize(run: ReadyRun, folder: string): Facts {
  const { description, options, trainer, threads, ranks } = run;
  const { config, parameters } = trainer.model;
  const weights = parameters.reduce((sum, { data }) => sum + data.length, 0);
  const groups = config.kvHeads === config.heads ? "" : ` (${config.kvHeads} for keys and values)`;
  const passes = options.accumulate === 1 ? "" : `${options.accumulate} x `;
  const merged = options.adapter === undefined ? "" : ` with the adapter ${options.adapter}`;
  const origin = options.init === undefined ? "" : `, from ${options.init}${merged}`;
  return [
    ["data", description],
    [
      "model",
      `LLaMA, ${config.layers} layers of width ${config.dim}, ${config.heads} heads${groups}, context ${config.context}: ${formatCount(weights)} weights${origin}`,
    ],
    [
      "training",
      `${formatCount(options.steps)} ${options.steps === 1 ? "step" : "steps"} of ${passes}${options.batch} x ${options.context} = ${formatCount(trainer.tokensPerStep)} tokens, seed ${options.seed}`,
    ],
    [
      "runs on",
      `${ranks.size === 1 ? "" : `${ranks.size} processes of `}${threads === 1 ? "1 thread" : `${threads} threads`}, ${trainer.model.engine.name} engine`,
    ],
    ...memoryFacts(run),
    [
      "time",
      `about ${formatDuration(trainer.estimateSeconds())} at the speed of trial passes, the optimizer's share apart`,
    ],
    ["folder", folder],
  ];
}

/** One line on what a run from a trained model takes, before its weights are read. */
export function describeLoad(
  config: LlamaConfig,
  options: TrainOptions,
  weights: readonly WeightFile[],
  planOptions: Pick<RunPlanOptions, "threads" | "shards">,
): string {
  const plan = planRun(config, options, { ...planOptions, reserveBytes: 0 });
  const read = weights.reduce((sum, { size }) => sum + size, 0);
  return `reads ${formatBytes(read)} of weights, needs ${formatBytes(plan.heapBytes)} of memory and ${formatBytes(checkpointBytes(plan))} of disk`;
}

/** Disk of a run: its checkpoint, twice while a new one replaces the old one. */
const checkpointBytes = ({ weightBytes, stateBytes }: RunPlan): number => 2 * (weightBytes + stateBytes);

/** Optimizer state beside AdamW's in 32 bits for the same model, and the memory of the model. */
function memoryFacts({ options, trainer, threads, ranks }: ReadyRun): Facts {
  const { stateBits: _, ...inWords } = options;
  const { config } = trainer.model;
  const plan = { threads, reserveBytes: 0 };
  const chosen = planRun(config, options, { ...plan, shards: shardsOf(ranks) });
  const adamw = planRun(config, { ...inWords, optimizer: "adamw", method: "full" }, plan);
  const share = `${((100 * chosen.hiddenStateBytes) / adamw.hiddenStateBytes).toFixed(1)} % of AdamW's ${formatBytes(adamw.hiddenStateBytes)}`;
  const factors =
    options.method === "lora" ? `factors of rank ${rankOf(options)}, scaled by ${scalingOf(options)}, of ` : "";
  const others = trainsAll(options)
    ? "AdamW on embeddings, norms and head"
    : "embeddings, norms and head stay as they are";
  return [
    [
      "optimizer",
      `${options.optimizer}, lr ${peakRate(options)}, on ${factors}${chosen.hiddenMatrices} hidden matrices; ${others}`,
    ],
    ["state", `${formatBytes(chosen.hiddenStateBytes)} for the hidden matrices, ${share}`],
    ["", `${formatBytes(chosen.stateBytes)} in all, where AdamW needs ${formatBytes(adamw.stateBytes)}`],
    ...rankFacts(chosen, ranks),
    [
      "memory",
      `weights ${formatBytes(chosen.weightBytes)}, activations ${formatBytes(chosen.activationBytes)}, gradients ${formatBytes(chosen.gradientBytes)} (one layer at a time)`,
    ],
    ["", `${formatBytes(chosen.heapBytes)} in all, state included; Node itself takes about 100 MB more`],
    ["disk", `${formatBytes(checkpointBytes(chosen))}: two checkpoints, while one replaces the other`],
  ];
}

/** What several processes share of a state, and send in a step. */
function rankFacts({ shardBytes, sumBytes, refreshSumBytes }: RunPlan, { size, shardState }: Ranks): Facts {
  if (size === 1) return [];
  const sent = `${formatBytes(sumBytes)} a step from each process`;
  return [
    ...(shardState ? ([["", `divided: ${formatBytes(shardBytes)} on the process with most`]] as const) : []),
    ["sends", refreshSumBytes === sumBytes ? sent : `${sent}, ${formatBytes(refreshSumBytes)} with all subspaces new`],
  ];
}
