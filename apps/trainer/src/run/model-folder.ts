import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeSafetensors } from "@sumo/core";
import {
  bytesFile,
  fromHuggingFaceConfig,
  type LlamaConfig,
  shardNames,
  type Tensor,
  toHuggingFaceConfig,
  type WeightFile,
} from "@sumo/llama";
import {
  createTokenizer,
  formatTokenizer,
  isSystemError,
  parseTokenizer,
  RunError,
  readWeights,
  storageError,
  type Tokenizer,
} from "@sumo/training";
import { digest } from "@sumo/training/text";
import { replaceFile } from "./atomic-file.ts";
import { damaged, hasManifest, readCheckpoint, readManifest } from "./checkpoint-files.ts";
import { allBytes, diskFile } from "./disk-file.ts";
import { findRun } from "./run-folder.ts";

/** A trained model: configuration, tokenizer and weights, as a folder in Hugging Face's LLaMA layout has them. */
export interface TrainedModel {
  readonly config: LlamaConfig;
  readonly tokenizer: Tokenizer;
  /** Safetensors files: one, or shards. */
  readonly weights: readonly WeightFile[];
}

const CONFIG = "config.json";
const TOKENIZER = "tokenizer.json";
const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/**
 * Reads the model of a run, or of a folder in Hugging Face's LLaMA layout. Without `tokenizer.json` its tokens are bytes.
 *
 * @param source - a run's name in `runs`, or a path relative to `base`.
 * @throws {RunError} if there is neither, or its tokenizer is not supported. @throws {CheckpointError} if its model is not supported.
 */
export function readModel(runs: string, source: string, base: string): TrainedModel {
  const places = [join(runs, source), resolve(base, source)];
  const folder = places.find((place) => existsSync(join(place, CONFIG))) ?? findRun(runs, source);
  const config = readModelConfig(join(folder, CONFIG));
  const path = join(folder, TOKENIZER);
  const tokenizer = existsSync(path) ? parseTokenizer(readFileSync(path, "utf8"), path) : createTokenizer([]);
  if (hasManifest(folder)) checkTokenizer(folder);
  if (tokenizer.size > config.vocabSize) {
    throw new RunError(`${folder}: the tokenizer has ${tokenizer.size} tokens, the model ${config.vocabSize}`);
  }
  return { config, tokenizer, weights: weightFiles(folder) };
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
    [WEIGHTS]: weights.length === 1 ? allBytes(weights[0]!) : writeSafetensors(tensorsOf(weights), { format: "pt" }),
  });
}

/** The model of a `config.json`, without what a run of this trainer keeps there. */
function readModelConfig(path: string): LlamaConfig {
  const json = parseJson(path);
  return fromHuggingFaceConfig(typeof json === "object" && json !== null ? withoutRun(json) : json);
}

function withoutRun(json: object): object {
  return Object.fromEntries(Object.entries(json).filter(([key]) => key !== "sumo"));
}

/** The tensors of a model's files. @throws as `readWeights`. */
export function tensorsOf(weights: readonly WeightFile[]): Record<string, Tensor> {
  return Object.assign({}, ...weights.map((file) => readWeights(allBytes(file))));
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

function weightFiles(folder: string): readonly WeightFile[] {
  const path = join(folder, WEIGHTS);
  if (hasManifest(folder)) {
    const checkpoint = readCheckpoint(folder);
    if (checkpoint === undefined)
      throw new RunError(`${folder} has no weights yet: it ended before its first checkpoint`);
    return [bytesFile(checkpoint.model)];
  }
  if (existsSync(path)) return [diskFile(path)];
  const index = join(folder, INDEX);
  if (!existsSync(index)) throw new RunError(`no ${WEIGHTS} in ${folder}`);
  return shardNames(parseJson(index)).map((name) => {
    if (!existsSync(join(folder, name))) throw new RunError(`no ${name} in ${folder}, which ${INDEX} names`);
    return diskFile(join(folder, name));
  });
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
