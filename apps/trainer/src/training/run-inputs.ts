import type { PeftAdapter } from "@sumo/core";
import type { LlamaConfig } from "@sumo/llama";
import {
  BYTES,
  type Corpus,
  checkModel,
  createCorpus,
  createTokenizer,
  type DataSource,
  modelConfig,
  type Tokenizer,
  type TrainOptions,
  trainBpe,
  trainingBytes,
} from "@sumo/training";
import { digest, readText, type Text } from "@sumo/training/text";
import { readAdapter } from "../run/adapter-folder.ts";
import { readModel, type TrainedModel } from "../run/model-folder.ts";

/** Inputs of a new run: text, tokenizer, corpus, model and initial weights. */
export interface RunInputs {
  readonly text: Text;
  readonly data: DataSource;
  readonly tokenizer: Tokenizer;
  readonly corpus: Corpus;
  readonly model: LlamaConfig;
  /** Model to start from; random weights without it. */
  readonly init: TrainedModel | undefined;
  /** Adapter to merge into the weights of `init`. */
  readonly adapter: PeftAdapter | undefined;
}

/**
 * Loads and checks the inputs of a new run, and writes nothing. The model is a new one, with a vocabulary learned from the training part of
 * the text, or the one to fine-tune.
 *
 * @param base - folder that relative paths start from.
 * @throws {DataError} @throws {ConfigError} @throws {RunError}
 */
export function loadRunInputs(options: TrainOptions, runs: string, base: string): RunInputs {
  if (options.init === undefined) checkModel(modelConfig(options, options.vocab), options);
  const text = readText(options.data, base);
  const init = options.init === undefined ? undefined : readModel(runs, options.init, base);
  const { config, tokenizer } = init ?? newModel(options, text);
  const adapter = options.adapter === undefined ? undefined : readAdapter(options.adapter, base);
  checkModel(config, options);
  const corpus = createCorpus(text.bytes, tokenizer, options.context);
  const data = { source: text.source, bytes: text.bytes.length, digest: digest(text.bytes) };
  return { text, data, tokenizer, corpus, model: config, init, adapter };
}

function newModel(options: TrainOptions, text: Text): Pick<TrainedModel, "config" | "tokenizer"> {
  const training = text.bytes.subarray(0, trainingBytes(text.bytes));
  const tokenizer = createTokenizer(options.vocab === BYTES ? [] : trainBpe(training, options.vocab));
  return { config: modelConfig(options, tokenizer.size), tokenizer };
}
