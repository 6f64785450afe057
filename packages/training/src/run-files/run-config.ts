import {
  type Dtype,
  fromHuggingFaceConfig,
  type HuggingFaceConfig,
  type LlamaConfig,
  toHuggingFaceConfig,
} from "@sumo/llama";
import { RunError } from "../errors.ts";
import { weightType } from "../options/optimizer-groups.ts";
import type { TrainOptions } from "../options/train-options.ts";

/** Configuration of a run: its training options, its text and its model. */
export interface RunConfig {
  readonly options: TrainOptions;
  readonly data: DataSource;
  readonly model: LlamaConfig;
  /** Absent where the model began here. */
  readonly origin?: Origin;
}

/** Traits of a published model that training does not change: the export of a run that began from it has them again. */
export interface Origin {
  /** Entries of its `config.json` for the type of the weights; a run's own may be another. */
  readonly config: HuggingFaceConfig;
  /** Types of its tensors by name. */
  readonly dtypes: Readonly<Record<string, Dtype>>;
  /** Digests of its other files by name, SHA-256 in hexadecimal. The run's folder keeps the files. */
  readonly files: Readonly<Record<string, string>>;
}

/** Keys of a `config.json` for the type of the weights. */
const DTYPE_KEYS = ["dtype", "torch_dtype"] as const;

/** The text of a run: its source, and a digest that tells whether it changed. */
export interface DataSource {
  /** Name of a built-in text, or a path. */
  readonly source: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly digest: string;
}

/** `config.json`: Hugging Face's model configuration, so that transformers loads the folder, with a field of our own. */
type ConfigFile = HuggingFaceConfig & {
  readonly sumo: {
    readonly version: 1;
    readonly options: TrainOptions;
    readonly data: DataSource;
    readonly origin?: Origin;
  };
};

/** Formats a run's configuration as `config.json`. */
export function formatConfig({ options, data, model, origin }: RunConfig): string {
  const file: ConfigFile = {
    ...toHuggingFaceConfig(model, weightType(options)),
    sumo: { version: 1, options, data, ...(origin && { origin }) },
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** Parses a `config.json`; the inverse of {@link formatConfig}. @param path - for messages. @throws {RunError} if it is damaged or another program's. */
export function parseConfig(text: string, path: string): RunConfig {
  let file: ConfigFile | null;
  try {
    file = JSON.parse(text) as ConfigFile | null;
  } catch (cause) {
    throw new RunError(`damaged run: ${path} is not JSON`, { cause });
  }
  if (file?.sumo?.version !== 1) {
    throw new RunError(`${path} was not written by this trainer, or by another version of it`);
  }
  const { sumo, ...model } = file;
  const { options, data, origin } = sumo;
  if (origin === undefined) return { options, data, model: fromHuggingFaceConfig(model) };
  return { options, data, model: fromHuggingFaceConfig({ ...without(model, DTYPE_KEYS), ...origin.config }), origin };
}

/** The origin of a run that begins from a published model. */
export function originOf(model: LlamaConfig, dtypes: Origin["dtypes"], files: Origin["files"]): Origin {
  const file = toHuggingFaceConfig(model, "published");
  const keys = DTYPE_KEYS.filter((key) => key in file);
  return { config: Object.fromEntries(keys.map((key) => [key, file[key]])), dtypes, files };
}

function without(json: HuggingFaceConfig, keys: readonly string[]): HuggingFaceConfig {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));
}
