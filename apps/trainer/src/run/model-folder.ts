import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Tensor as StoredTensor, safetensorsPieces } from "@sumo/core";
import {
  type Dtype,
  fromHuggingFaceConfig,
  type LlamaConfig,
  shardNames,
  type Tensor,
  toHuggingFaceConfig,
  type WeightFile,
  weightTypes,
} from "@sumo/llama";
import {
  createTokenizer,
  formatTokenizer,
  isSystemError,
  type Origin,
  originOf,
  parseConfig,
  parseTokenizer,
  type RunConfig,
  RunError,
  readWeights,
  storageError,
  type Tokenizer,
} from "@sumo/training";
import { digest } from "@sumo/training/text";
import { type Content, replaceFile } from "./atomic-file.ts";
import { damaged, hasManifest, readCheckpoint, readManifest } from "./checkpoint-files.ts";
import { allBytes, diskFile } from "./disk-file.ts";
import { findRun, readCompanions } from "./run-folder.ts";

/** A trained model: configuration, tokenizer and weights, as a folder in Hugging Face's LLaMA layout has them. */
export interface TrainedModel {
  readonly config: LlamaConfig;
  readonly tokenizer: Tokenizer;
  /** Safetensors files: one, or shards. */
  readonly weights: readonly WeightFile[];
  /** Types that the tensors were published in, by name. */
  readonly dtypes: Readonly<Record<string, Dtype>>;
  /** Other files that were published with the model, by name. */
  readonly companions: Readonly<Record<string, Uint8Array>>;
  /** The run that made it; `undefined` for a published model. */
  readonly run: RunConfig | undefined;
}

const CONFIG = "config.json";
const TOKENIZER = "tokenizer.json";
const TOKENIZER_CONFIG = "tokenizer_config.json";
const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Files that may come with a model and that training leaves as they are: how text is generated, tokens and chat templates, terms of use. */
const COMPANIONS: readonly string[] = [
  "generation_config.json",
  "special_tokens_map.json",
  "tokenizer_config.json",
  "chat_template.jinja",
  "chat_template.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "LICENSE",
  "LICENSE.md",
  "LICENSE.txt",
  "NOTICE",
  "NOTICE.txt",
  "USE_POLICY.md",
];

/**
 * Reads the model of a run, or of a folder in Hugging Face's LLaMA layout. Without `tokenizer.json` its tokens are bytes.
 *
 * @param source - a run's name in `runs`, or a path relative to `base`.
 * @throws {RunError} if there is neither, or its tokenizer is not supported. @throws {CheckpointError} if its model is not supported.
 */
export function readModel(runs: string, source: string, base: string): TrainedModel {
  const places = [join(runs, source), resolve(base, source)];
  const folder = places.find((place) => existsSync(join(place, CONFIG))) ?? findRun(runs, source);
  const { run, model: config } = readModelConfig(join(folder, CONFIG));
  const isRun = hasManifest(folder);
  const path = join(folder, TOKENIZER);
  const tokenizer = existsSync(path) ? parseTokenizer(readFileSync(path, "utf8"), path) : createTokenizer([]);
  if (isRun) checkTokenizer(folder);
  if (tokenizer.size > config.vocabSize) {
    throw new RunError(`${folder}: the tokenizer has ${tokenizer.size} tokens, the model ${config.vocabSize}`);
  }
  const weights = weightFiles(folder);
  const dtypes = run?.origin?.dtypes ?? weightTypes(weights);
  const companions = isRun ? readCompanions(folder, run?.origin) : companionsIn(folder);
  return { config, tokenizer, weights, dtypes, companions, run };
}

/** The origin of a run that begins from a model; `undefined` for a model that a run of this trainer made from random weights. */
export function originOfRun({ config, dtypes, companions }: TrainedModel): Origin | undefined {
  const digests = Object.entries(companions).map(([name, bytes]) => [name, digest(bytes)] as const);
  const isNew = config.published === null && digests.length === 0 && Object.values(dtypes).every((d) => d === "F32");
  return isNew ? undefined : originOf(config, dtypes, Object.fromEntries(digests));
}

function companionsIn(folder: string): TrainedModel["companions"] {
  const names = COMPANIONS.filter((name) => existsSync(join(folder, name)));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/**
 * Writes a model as a folder that Hugging Face's `AutoModelForCausalLM` and `AutoTokenizer` load. Of a published model all goes out as it came
 * in but the values of the weights.
 *
 * @returns the size of the weights in bytes.
 * @throws as {@link writeFolder}. @throws {SafetensorsError} if a weight is too large for the type that it was published in.
 */
export function writeModel(folder: string, { config, tokenizer, weights, dtypes, companions }: TrainedModel): number {
  const pieces = safetensorsPieces(published(tensorsOf(weights), dtypes), { format: "pt" });
  const isNew = tokenizer.file === undefined && !(TOKENIZER_CONFIG in companions);
  writeFolder(folder, {
    [CONFIG]: formatJson(toHuggingFaceConfig(config, "published")),
    [TOKENIZER]: formatTokenizer(tokenizer),
    ...(isNew && {
      [TOKENIZER_CONFIG]: formatJson({
        tokenizer_class: "PreTrainedTokenizerFast",
        model_max_length: config.context,
      }),
    }),
    ...companions,
    [WEIGHTS]: pieces,
  });
  return statSync(join(folder, WEIGHTS)).size;
}

/** Tensors under the names and in the types that they were published in. A tied model's head is its embedding, where the files had both. */
function published(
  tensors: Readonly<Record<string, Tensor>>,
  dtypes: Readonly<Record<string, Dtype>>,
): Record<string, StoredTensor> {
  const entries = Object.entries(dtypes).flatMap(([name, dtype]) => {
    const tensor = tensors[name] ?? (name === "lm_head.weight" ? tensors["model.embed_tokens.weight"] : undefined);
    return tensor === undefined ? [] : [[name, inType(tensor, dtype)] as const];
  });
  return Object.fromEntries(entries);
}

function inType({ shape, data }: Tensor, dtype: Dtype): StoredTensor {
  if (dtype === "F64") return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
  const single = data instanceof Float32Array ? data : Float32Array.from(data);
  return dtype === "F32" ? { shape, data: single } : { shape, data: single, dtype };
}

/** Reads a `config.json`: a published model's, or a run's. */
function readModelConfig(path: string): Pick<TrainedModel, "run"> & Pick<RunConfig, "model"> {
  const json = parseJson(path);
  const isRun = typeof json === "object" && json !== null && "sumo" in json;
  if (!isRun) return { run: undefined, model: fromHuggingFaceConfig(json) };
  const run = parseConfig(readFileSync(path, "utf8"), path);
  return { run, model: run.model };
}

/** The tensors of a model's files. @throws as `readWeights`. */
/** The tensors of a model's weights, by name. */
export function tensorsOf(weights: readonly WeightFile[]): Record<string, Tensor> {
  return Object.assign({}, ...weights.map((file) => readWeights(allBytes(file))));
}

/** @throws {RunError} if a folder is there, and is not empty. */
export function checkEmpty(folder: string): void {
  if (existsSync(folder) && statSync(folder).isDirectory() && readdirSync(folder).length > 0) {
    throw new RunError(`${folder} is not empty: choose another folder`);
  }
}

/**
 * Writes files into a new or empty folder: all of them, or none.
 *
 * @throws {RunError} if the folder is not empty. @throws {StorageError} if a file cannot be written.
 */
export function writeFolder(folder: string, files: Readonly<Record<string, Content>>): void {
  const paths = Object.entries(files).map(([name, content]) => [join(folder, name), content] as const);
  try {
    checkEmpty(folder);
    mkdirSync(folder, { recursive: true });
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
    return [checkpoint.model];
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
