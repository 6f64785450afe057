import { fromHuggingFaceConfig, type HuggingFaceConfig, type LlamaConfig, toHuggingFaceConfig } from "@sumo/llama";
import { RunError } from "./errors.ts";
import type { TrainOptions } from "./options.ts";

/** What a run is: with the text and the tokenizer enough to go on with it, and to use its model. */
export interface RunConfig {
  readonly options: TrainOptions;
  readonly data: DataSource;
  readonly model: LlamaConfig;
}

/** Where the text came from, and what it was. */
export interface DataSource {
  /** A built-in's name or a path. */
  readonly source: string;
  readonly bytes: number;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly digest: string;
}

/** `config.json`: Hugging Face's model configuration, so that the folder loads there as it is, and the trainer's own part beside it. */
type ConfigFile = HuggingFaceConfig & {
  readonly sumo: { readonly version: 1; readonly options: TrainOptions; readonly data: DataSource };
};

/** A run's configuration as the text of its `config.json`. */
export function formatConfig({ options, data, model }: RunConfig): string {
  const file: ConfigFile = { ...toHuggingFaceConfig(model), sumo: { version: 1, options, data } };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** The inverse of {@link formatConfig}. @param path - for messages. @throws {RunError} if it is damaged or another program's. */
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
  return { options: file.sumo.options, data: file.sumo.data, model: fromHuggingFaceConfig(file) };
}
