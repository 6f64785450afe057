import type { PeftAdapter } from "@sumo/core";
import type { LlamaConfig } from "@sumo/llama";
import {
  BYTES,
  CHATML_MARKS,
  checkModel,
  createTokenizer,
  type DataSource,
  modelConfig,
  parseExamples,
  type Tokenizer,
  type TrainOptions,
  trainBpe,
  trainingBytes,
} from "@sumo/training";
import { digest, readText, type Text } from "@sumo/training/text";
import { readAdapter } from "../run/adapter-folder.ts";
import { readModel, type TrainedModel } from "../run/model-folder.ts";
import { prepareData, type RunData } from "./run-data.ts";

/** Inputs of a new run: text, tokenizer, sequences, model and initial weights. */
export interface RunInputs extends RunData {
  readonly text: Text;
  readonly data: DataSource;
  readonly tokenizer: Tokenizer;
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
  const prepared = prepareData(text, options, tokenizer, init?.companions ?? {});
  const data = { source: text.source, bytes: text.bytes.length, digest: digest(text.bytes) };
  return { text, data, tokenizer, ...prepared, model: config, init, adapter };
}

function newModel(options: TrainOptions, text: Text): Pick<TrainedModel, "config" | "tokenizer"> {
  const merges = options.vocab === BYTES ? [] : trainBpe(vocabularyText(text), options.vocab);
  const tokenizer = createTokenizer(merges, text.kind === "examples" ? CHATML_MARKS : []);
  return { config: modelConfig(options, tokenizer.size), tokenizer };
}

/** What a vocabulary is learned from: the training part of a text, or what the examples say. */
function vocabularyText({ kind, bytes, source }: Text): Uint8Array {
  if (kind === "text") return bytes.subarray(0, trainingBytes(bytes));
  const said = parseExamples(new TextDecoder().decode(bytes), source).flatMap((example) =>
    "messages" in example ? example.messages.map(({ content }) => content) : Object.values(example),
  );
  return new TextEncoder().encode(said.join("\n"));
}
