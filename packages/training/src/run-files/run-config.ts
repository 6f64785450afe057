import { fromHuggingFaceConfig, type HuggingFaceConfig, type LlamaConfig, toHuggingFaceConfig } from "@sumo/llama";
import { RunError } from "../errors.ts";
import type { TrainOptions } from "../options/train-options.ts";

/** Configuration of a run: its training options, its text and its model. */
export interface RunConfig {
  readonly options: TrainOptions;
  readonly data: DataSource;
  readonly model: LlamaConfig;
}

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
  readonly sumo: { readonly version: 1; readonly options: TrainOptions; readonly data: DataSource };
};

/** Formats a run's configuration as `config.json`. */
export function formatConfig({ options, data, model }: RunConfig): string {
  const file: ConfigFile = { ...toHuggingFaceConfig(model), sumo: { version: 1, options, data } };
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
  return { options: sumo.options, data: sumo.data, model: fromHuggingFaceConfig(model) };
}
