import { existsSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { formatBytes, isSystemError, RunError, storageError } from "@sumo/training";
import { replaceFile } from "../../run/atomic-file.ts";
import { ggufPieces } from "../../run/gguf/gguf-file.ts";
import { readModel, type TrainedModel, tensorsOf, writeModel } from "../../run/model-folder.ts";
import type { Screen } from "../../screen/screen.ts";

/** Folder of runs, and the folder that relative paths start from. */
export interface Places {
  readonly runs: string;
  readonly base: string;
}

/** Name of the file that llama.cpp reads. */
const GGUF = /\.gguf$/i;

/** Exports a run's model in Hugging Face's layout, or to a file for llama.cpp if the name ends in `.gguf`. Returns the exit code. */
export function exportModel(run: string, target: string, { runs, base }: Places, screen: Screen): number {
  const model = readModel(runs, run, base);
  const path = resolve(base, target);
  if (GGUF.test(target)) {
    const size = writeGguf(path, model);
    screen.write(`${target} holds the model (${formatBytes(size)}) as llama.cpp reads it:\n`);
    screen.write(`  llama-cli -m ${JSON.stringify(target)}\n`);
    return 0;
  }
  const size = writeModel(path, model);
  screen.write(`${target} holds the model (${formatBytes(size)}) as transformers reads it:\n`);
  screen.write(`  AutoModelForCausalLM.from_pretrained(${JSON.stringify(target)})\n`);
  return 0;
}

/** @throws {RunError} if the file is there. @throws {StorageError} if it cannot be written. */
function writeGguf(path: string, model: TrainedModel): number {
  if (existsSync(path)) throw new RunError(`${path} exists: choose another name`);
  const pieces = ggufPieces(model, tensorsOf(model.weights), basename(path).replace(GGUF, ""));
  try {
    replaceFile(path, pieces);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw storageError(error, "nothing was exported");
  }
  return statSync(path).size;
}
