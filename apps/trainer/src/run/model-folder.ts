import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromHuggingFaceConfig, type LlamaConfig, toHuggingFaceConfig } from "@sumo/llama";
import {
  createTokenizer,
  formatTokenizer,
  isSystemError,
  parseTokenizer,
  RunError,
  storageError,
  type Tokenizer,
} from "@sumo/training";
import { digest } from "@sumo/training/text";
import { replaceFile } from "./atomic-file.ts";
import { damaged, hasManifest, readCheckpoint, readManifest } from "./checkpoint-files.ts";
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
  if (hasManifest(folder)) checkTokenizer(folder);
  if (tokenizer.size > config.vocabSize) {
    throw new RunError(`${folder}: the tokenizer has ${tokenizer.size} tokens, the model ${config.vocabSize}`);
  }
  return { config, tokenizer, weights: readWeightsFile(folder) };
}

/**
 * Writes a model as a folder that Hugging Face's `AutoModelForCausalLM` and `AutoTokenizer` load.
 *
 * @throws as {@link writeFolder}.
 */
export function writeModel(folder: string, { config, tokenizer, weights }: TrainedModel): void {
  writeFolder(folder, {
    [CONFIG]: formatJson(toHuggingFaceConfig(config)),
    [TOKENIZER]: formatTokenizer(tokenizer),
    "tokenizer_config.json": formatJson({
      tokenizer_class: "PreTrainedTokenizerFast",
      model_max_length: config.context,
    }),
    [WEIGHTS]: weights,
  });
}

/**
 * Writes files into a new or empty folder: all of them, or none.
 *
 * @throws {RunError} if the folder is not empty. @throws {StorageError} if a file cannot be written.
 */
export function writeFolder(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const paths = Object.entries(files).map(([name, content]) => [join(folder, name), content] as const);
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length > 0) throw new RunError(`${folder} is not empty: choose another folder`);
    for (const [path, content] of paths) replaceFile(path, content);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    for (const [path] of paths) if (existsSync(path)) rmSync(path);
    throw storageError(error, "nothing was exported");
  }
}

/** @throws {RunError} if a run's tokenizer is not the one that it wrote. */
function checkTokenizer(folder: string): void {
  const path = join(folder, TOKENIZER);
  if (!existsSync(path) || digest(readFileSync(path)) !== readManifest(folder).tokenizer) throw damaged(path);
}

function readWeightsFile(folder: string): Uint8Array {
  const path = join(folder, WEIGHTS);
  if (hasManifest(folder)) {
    const checkpoint = readCheckpoint(folder);
    if (checkpoint === undefined)
      throw new RunError(`${folder} has no weights yet: it ended before its first checkpoint`);
    return checkpoint.model;
  }
  if (!existsSync(path)) throw new RunError(`no ${WEIGHTS} in ${folder}`);
  return readFileSync(path);
}

function parseJson(path: string): unknown {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunError(`${path} is not JSON`, { cause });
  }
}

function formatJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
