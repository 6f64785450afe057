import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromHuggingFaceConfig, type LlamaConfig, toHuggingFaceConfig } from "@sumo/llama";
import { createTokenizer, formatTokenizer, parseTokenizer, RunError, type Tokenizer } from "@sumo/training";
import { replaceFile } from "./atomic-file.ts";
import { hasCheckpoint, readCheckpoint } from "./checkpoint-files.ts";
import { findRun } from "./run-folder.ts";

/** A trained model: configuration, tokenizer and weights, as a folder in Hugging Face's LLaMA layout has them. */
export interface TrainedModel {
  readonly config: LlamaConfig;
  readonly tokenizer: Tokenizer;
  /** A safetensors file. */
  readonly weights: Uint8Array;
}

const CONFIG = "config.json";
const TOKENIZER = "tokenizer.json";
const WEIGHTS = "model.safetensors";

/**
 * Reads the model of a run, or of a folder in Hugging Face's LLaMA layout. Without `tokenizer.json` its tokens are bytes.
 *
 * @param source - a run's name in `runs`, or a path relative to `base`.
 * @throws {RunError} if there is neither, or its tokenizer is not supported. @throws {CheckpointError} if its model is not supported.
 */
export function readModel(runs: string, source: string, base: string): TrainedModel {
  const places = [join(runs, source), resolve(base, source)];
  const folder = places.find((place) => existsSync(join(place, CONFIG))) ?? findRun(runs, source);
  const config = fromHuggingFaceConfig(parseJson(join(folder, CONFIG)));
  const described = join(folder, TOKENIZER);
  const tokenizer = existsSync(described)
    ? parseTokenizer(readFileSync(described, "utf8"), described)
    : createTokenizer([]);
  if (tokenizer.size > config.vocabSize) {
    throw new RunError(`${folder}: the tokenizer has ${tokenizer.size} tokens, the model ${config.vocabSize}`);
  }
  return { config, tokenizer, weights: readWeightsFile(folder) };
}

/**
 * Writes a model as a folder that Hugging Face's `AutoModelForCausalLM` and `AutoTokenizer` load.
 *
 * @throws {RunError} if the folder is not empty. Nothing is written then.
 */
export function writeModel(folder: string, { config, tokenizer, weights }: TrainedModel): void {
  makeEmptyFolder(folder);
  replaceFile(join(folder, CONFIG), formatJson(toHuggingFaceConfig(config)));
  replaceFile(join(folder, TOKENIZER), formatTokenizer(tokenizer));
  const tokenizerConfig = { tokenizer_class: "PreTrainedTokenizerFast", model_max_length: config.context };
  replaceFile(join(folder, "tokenizer_config.json"), formatJson(tokenizerConfig));
  replaceFile(join(folder, WEIGHTS), weights);
}

/** Creates a folder. @throws {RunError} if it exists and is not empty. */
export function makeEmptyFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) throw new RunError(`${folder} is not empty: choose another folder`);
}

function readWeightsFile(folder: string): Uint8Array {
  if (hasCheckpoint(folder)) return readCheckpoint(folder).model;
  const path = join(folder, WEIGHTS);
  if (!existsSync(path)) throw new RunError(`no ${WEIGHTS} in ${folder}`);
  return readFileSync(path);
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new RunError(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function formatJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
