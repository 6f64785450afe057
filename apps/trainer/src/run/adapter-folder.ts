import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type LowRankChange, mergeAdapter, OptimizerError, type PeftAdapter, peftAdapter } from "@sumo/core";
import { type Llama, type Parameter, storeWeights, type WeightData, weightNumbers } from "@sumo/llama";
import { RunError } from "@sumo/training";

const FILES = ["adapter_model.safetensors", "adapter_config.json"] as const;
const [EMBEDDING, HEAD] = ["model.embed_tokens.weight", "lm_head.weight"];

/**
 * Reads a LoRA adapter in PEFT's layout.
 *
 * @param source - a folder, relative to `base`.
 * @throws {RunError} if a file is missing, or the adapter is of a kind that is not supported.
 */
export function readAdapter(source: string, base: string): PeftAdapter {
  const folder = resolve(base, source);
  const missing = FILES.find((name) => !existsSync(join(folder, name)));
  if (missing !== undefined) throw new RunError(`no ${missing} in ${folder}`);
  const [weights, config] = FILES.map((name) => readFileSync(join(folder, name)));
  try {
    return peftAdapter({ "adapter_model.safetensors": weights!, "adapter_config.json": config!.toString() });
  } catch (cause) {
    if (!(cause instanceof OptimizerError)) throw cause;
    throw new RunError(`${folder}: ${cause.message}`, { cause });
  }
}

/**
 * Merges an adapter into a model's weights. A tied model has no head of its own: one that equals the adapter's embedding is passed over.
 *
 * @throws {RunError} if the model has no such weights. Nothing is written then.
 */
export function applyAdapter(
  { config, parameters }: Pick<Llama<WeightData>, "config" | "parameters">,
  adapter: PeftAdapter,
): void {
  const { changes, weights } = adapter;
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const head = weights[HEAD!];
  const isTied = config.tied && head !== undefined && sameNumbers(head.data, weights[EMBEDDING!]?.data);
  const targets = Object.entries({ ...changes, ...weights })
    .filter(([name]) => !(isTied && name === HEAD))
    .map(([name, { shape }]) => target(byName.get(name), name, shape));
  for (const { name, shape, data } of targets) {
    const change = changes[name];
    const merged = (change: LowRankChange): Float32Array => mergeAdapter({ shape, data: weightNumbers(data) }, change);
    storeWeights(data, change === undefined ? weights[name]!.data : merged(change));
  }
}

function target(
  parameter: Parameter<WeightData> | undefined,
  name: string,
  shape: readonly number[],
): Parameter<WeightData> {
  if (parameter === undefined) throw new RunError(`the adapter is not for this model, which has no ${name}`);
  if (parameter.shape.join() !== shape.join()) {
    throw new RunError(
      `the adapter is not for this model: its ${name} is of [${shape.join(", ")}], the model's of [${parameter.shape.join(", ")}]`,
    );
  }
  return parameter;
}

function sameNumbers(a: Float32Array, b: Float32Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((x, i) => x === b[i]);
}
