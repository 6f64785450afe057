import { type Plan, plan } from "@sumo/core";
import { planLlama } from "@sumo/llama";
import type { ReadyRun } from "./follow.ts";
import { optimizerGroups, peakRate } from "./optimizer-groups.ts";
import type { TrainOptions } from "./options.ts";
import { hiddenNames, type Session } from "./session.ts";
import { type Facts, formatBytes, formatCount } from "./terminal.ts";

/** What runs and how big it is, said before the first step. */
export function summarize({ text, options, session, threads }: ReadyRun, folder: string): Facts {
  const { config, parameters } = session.model;
  const weights = parameters.reduce((sum, { data }) => sum + data.length, 0);
  const groups = config.kvHeads === config.heads ? "" : ` (${config.kvHeads} for keys and values)`;
  const passes = options.accumulate === 1 ? "" : `${options.accumulate} x `;
  const origin = options.init === undefined ? "" : `, from ${options.init}`;
  return [
    ["data", `${text.source}, ${formatCount(text.bytes.length)} bytes; the last tenth is held out`],
    [
      "model",
      `LLaMA, ${config.layers} layers of width ${config.dim}, ${config.heads} heads${groups}, context ${config.context}: ${formatCount(weights)} weights${origin}`,
    ],
    [
      "training",
      `${formatCount(options.steps)} ${options.steps === 1 ? "step" : "steps"} of ${passes}${options.batch} x ${options.context} = ${formatCount(session.tokensPerStep)} tokens, seed ${options.seed}`,
    ],
    ["runs on", `${threads === 1 ? "1 thread" : `${threads} threads`}, ${session.model.engine.name} engine`],
    ...memoryFacts(options, session, threads),
    ["folder", folder],
  ];
}

/** The optimizer's state beside AdamW's for the same model, and what the model itself takes. */
function memoryFacts(options: TrainOptions, session: Session, threads: number): Facts {
  const { config, parameters } = session.model;
  const hidden = hiddenNames(session.model);
  const chosen = stateBytes(plan(parameters, optimizerGroups(options, hidden)), hidden);
  const adamw = stateBytes(plan(parameters, optimizerGroups({ ...options, optimizer: "adamw" }, hidden)), hidden);
  const { weightBytes, activationBytes, gradientBytes } = planLlama(config, {
    batch: options.batch,
    length: options.context,
    threads,
    recompute: options.recompute ?? false,
  });
  const share = `${((100 * chosen.hidden) / adamw.hidden).toFixed(1)} % of AdamW's ${formatBytes(adamw.hidden)}`;
  return [
    [
      "optimizer",
      `${options.optimizer}, lr ${peakRate(options)}, on ${hidden.size} hidden matrices; AdamW on embeddings, norms and head`,
    ],
    ["state", `${formatBytes(chosen.hidden)} for the hidden matrices, ${share}`],
    ["", `${formatBytes(chosen.all)} in all, where AdamW needs ${formatBytes(adamw.all)}`],
    [
      "memory",
      `weights ${formatBytes(weightBytes)}, activations ${formatBytes(activationBytes)}, gradients ${formatBytes(gradientBytes)} (one layer at a time)`,
    ],
  ];
}

function stateBytes(
  { parameters, stateBytes: all }: Plan,
  hidden: ReadonlySet<string>,
): { all: number; hidden: number } {
  const own = parameters.filter(({ name }) => hidden.has(name));
  return { all, hidden: own.reduce((sum, parameter) => sum + parameter.stateBytes, 0) };
}
