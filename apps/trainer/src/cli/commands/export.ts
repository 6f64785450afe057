import { resolve } from "node:path";
import { type Adapter, type AdapterTensor, extractAdapter, peftFiles } from "@sumo/core";
import type { Tensor } from "@sumo/llama";
import { formatBytes, RunError } from "@sumo/training";
import { readModel, tensorsOf, writeFolder, writeModel } from "../../run/model-folder.ts";
import { type Screen, showFacts } from "../../screen/screen.ts";

const DEFAULT_RANK = 8;

/** Folder of runs, and the folder that relative paths start from. */
export interface Places {
  readonly runs: string;
  readonly base: string;
}

/** Exports a run's model in Hugging Face's layout. Returns the exit code. */
export function exportModel(run: string, folder: string, { runs, base }: Places, screen: Screen): number {
  const model = readModel(runs, run, base);
  const size = writeModel(resolve(base, folder), model);
  screen.write(`${folder} holds the model (${formatBytes(size)}) as transformers reads it:\n`);
  screen.write(`  AutoModelForCausalLM.from_pretrained(${JSON.stringify(folder)})\n`);
  return 0;
}

/**
 * Exports the change of the hidden matrices as a LoRA adapter of the base model, in PEFT's layout. Returns the exit code.
 *
 * @throws {RunError} if the two are not models of the same shape, or the folder is not empty.
 */
export function exportAdapter(
  base: string,
  tuned: string,
  folder: string,
  rank: number | undefined,
  places: Places,
  screen: Screen,
): number {
  const read = (source: string): Record<string, Tensor> =>
    tensorsOf(readModel(places.runs, source, places.base).weights);
  const [from, to] = [read(base), read(tuned)];
  const names = Object.keys(from).filter((name) => name.endsWith("_proj.weight"));
  const adapters: Record<string, Adapter> = {};
  for (const name of names) {
    const [before, after] = [from[name]!, to[name]];
    if (after === undefined || after.shape.join() !== before.shape.join()) {
      throw new RunError(`${tuned} is not a tuned ${base}: ${name} is not of the same shape`);
    }
    adapters[name] = extractAdapter(single(before), single(after), { rank: rank ?? DEFAULT_RANK });
  }
  const files = peftFiles(adapters, { baseModel: base });
  writeFolder(resolve(places.base, folder), { ...files });
  const kept = Object.values(adapters).map(({ energyKept }) => energyKept);
  showFacts(screen, [
    [
      "adapter",
      `${folder}, rank ${rank ?? DEFAULT_RANK}, ${formatBytes(files["adapter_model.safetensors"].length)} for ${names.length} matrices`,
    ],
    ["keeps", `${percent(Math.min(...kept))} to ${percent(Math.max(...kept))} of each matrix's change (squared)`],
  ]);
  return 0;
}

const single = ({ shape, data }: Tensor): AdapterTensor => ({ shape, data: Float32Array.from(data) });
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
