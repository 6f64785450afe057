import { resolve } from "node:path";
import { type Adapter, type AdapterTensor, extractAdapter, type PeftFiles, peftAdapter, peftFiles } from "@sumo/core";
import type { Llama } from "@sumo/llama";
import { formatBytes, RunError, rankOf, type TrainOptions, UsageError } from "@sumo/training";
import type { Command } from "commander";
import { applyAdapter } from "../../run/adapter-folder.ts";
import { checkEmpty, readModel, type TrainedModel, writeFolder } from "../../run/model-folder.ts";
import { formatCount } from "../../screen/format.ts";
import { type Screen, showFacts } from "../../screen/screen.ts";
import { measuredModels } from "../../training/measured-models.ts";
import type { CliOptions } from "../cli-options.ts";

const DEFAULT_RANK = 8;

/** Options that say what the losses are measured on. */
const MEASURED = ["data", "context", "evalTokens"] as const satisfies readonly (keyof TrainOptions)[];

/**
 * Exports what training changed as a LoRA adapter of the base model, in PEFT's layout: hidden matrices in factors, other weights whole. Prints
 * the validation losses of the base, of the base with the adapter, and of the tuned model. Returns the exit code.
 *
 * @throws {RunError} if the two are not models of the same shape, or the folder is not empty.
 * @throws {UsageError} if no text is given, and the tuned model is no run, which would have one.
 */
export async function exportAdapter(
  base: string,
  tuned: string,
  folder: string,
  command: Command,
  start: string,
  screen: Screen,
): Promise<number> {
  const { rank: asked, runs } = command.optsWithGlobals<CliOptions>();
  const out = resolve(start, folder);
  checkEmpty(out); // losses take a while
  const [from, to] = [base, tuned].map((source) => readModel(runs, source, start)) as [TrainedModel, TrainedModel];
  const options = measuredOptions(command, to, tuned);
  const rank = asked ?? (to.run?.options.method === "lora" ? rankOf(to.run.options) : DEFAULT_RANK);
  const { models, loss, source } = await measuredModels([from, to], options, start, { runs, screen });
  const [before, after] = models;
  const changed = changes(before, after, rank, `${tuned} is not a tuned ${base}`);
  const files = peftFiles(changed.adapters, { baseModel: base, weights: changed.weights });
  const losses = [loss(before), loss(after)] as const;
  applyAdapter(before, peftAdapter(files));
  const own = loss(before);
  writeFolder(out, { ...files });
  showFacts(screen, [
    ["adapter", describeAdapter(folder, rank, files, changed)],
    ...wholeFacts(changed.weights),
    [
      "losses",
      `base ${nats(losses[0].loss)}, with the adapter ${nats(own.loss)}, tuned ${nats(losses[1].loss)} nats a token on ${formatCount(own.tokens)} held-out tokens of ${source}`,
    ],
    ["left out", `${nats(own.loss - losses[1].loss)} nats a token${largerRank(rank, changed)}`],
  ]);
  return 0;
}

/** The run's own options, with those that were typed; for a published model those of the command line. */
function measuredOptions(command: Command, { run }: TrainedModel, tuned: string): TrainOptions {
  const given = MEASURED.filter((name) => command.parent?.getOptionValueSource(name) === "cli");
  if (run === undefined && !given.includes("data")) {
    throw new UsageError(`${tuned} is no run, and has no text to measure losses on: give one with --data`);
  }
  const options = command.optsWithGlobals<CliOptions>();
  return { ...options, ...run?.options, ...Object.fromEntries(given.map((name) => [name, options[name]])) };
}

interface Changes {
  readonly adapters: Readonly<Record<string, Adapter>>;
  /** Weights that are no hidden matrices, and that training changed. */
  readonly weights: Readonly<Record<string, AdapterTensor>>;
}

function changes(before: Llama, after: Llama, rank: number, problem: string): Changes {
  const adapters: Record<string, Adapter> = {};
  const weights: Record<string, AdapterTensor> = {};
  for (const [i, base] of before.parameters.entries()) {
    const { name, shape, kind, data } = base;
    const tuned = after.parameters[i];
    if (tuned?.name !== name || tuned.shape.join() !== shape.join()) {
      throw new RunError(`${problem}: ${name} is not of the same shape`);
    }
    if (tuned.data.every((x, k) => x === data[k])) continue;
    if (kind === "hidden") adapters[name] = extractAdapter(base, tuned, { rank });
    else weights[name] = { shape, data: tuned.data };
  }
  if (Object.keys(adapters).length === 0) throw new RunError(`${problem}: no hidden matrix differs`);
  const embedding = weights["model.embed_tokens.weight"];
  // PEFT gives a tied head a copy of its own.
  return { adapters, weights: { ...weights, ...(before.config.tied && embedding && { "lm_head.weight": embedding }) } };
}

function describeAdapter(folder: string, rank: number, files: PeftFiles, { adapters }: Changes): string {
  const size = formatBytes(files["adapter_model.safetensors"].length);
  return `${folder}, ${size}, rank ${rank} for ${Object.keys(adapters).length} hidden matrices`;
}

function wholeFacts(weights: Changes["weights"]): readonly (readonly [string, string])[] {
  const parts = Object.values(weights);
  if (parts.length === 0) return [];
  const size = formatBytes(parts.reduce((sum, { data }) => sum + data.byteLength, 0));
  const count = `${parts.length} other ${parts.length === 1 ? "weight" : "weights"}`;
  return [["whole", `${count} that training changed, ${size}; --train hidden leaves them as they are`]];
}

/** A rank that leaves out less, where there is one. */
function largerRank(rank: number, { adapters }: Changes): string {
  const full = Math.max(...Object.values(adapters).map(({ shape }) => Math.min(...shape)));
  return rank < full ? `, by the rank: --rank ${Math.min(2 * rank, full)} leaves out less` : "";
}

const nats = (loss: number): string => loss.toFixed(4);
