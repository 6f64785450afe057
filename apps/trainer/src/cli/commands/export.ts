import { resolve } from "node:path";
import { formatBytes } from "@sumo/training";
import { readModel, writeModel } from "../../run/model-folder.ts";
import type { Screen } from "../../screen/screen.ts";

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
