import { type LlamaConfig, llamaConfig } from "@sumo/llama";
import { trainBpe } from "./bpe.ts";
import { type Corpus, createCorpus, trainingBytes } from "./corpus.ts";
import { digest, readText, type Text } from "./data.ts";
import { readModel, type TrainedModel } from "./model-folder.ts";
import type { TrainOptions } from "./options.ts";
import type { DataSource } from "./run-config.ts";
import { BYTES, createTokenizer, type Tokenizer } from "./tokenizer.ts";

/** What a new run begins with, all of it checked, nothing of it on the disk. */
export interface Beginning {
  readonly text: Text;
  readonly data: DataSource;
  readonly tokenizer: Tokenizer;
  readonly corpus: Corpus;
  readonly model: LlamaConfig;
  /** A safetensors file to begin with; random weights without it. */
  readonly weights: Uint8Array | undefined;
}

/**
 * Reads the text, and settles the model: a new one, with a vocabulary learned from the part that is trained on, or one to fine-tune.
 *
 * @param base - the folder that relative paths start from.
 * @throws {DataError} @throws {ConfigError} @throws {RunError}
 */
export function begin(options: TrainOptions, runs: string, base: string): Beginning {
  const text = readText(options.data, base);
  const { config, tokenizer, weights } =
    options.init === undefined ? newModel(options, text) : readModel(runs, options.init, base);
  const corpus = createCorpus(text.bytes, tokenizer, options.context);
  const data = { source: text.source, bytes: text.bytes.length, digest: digest(text.bytes) };
  return { text, data, tokenizer, corpus, model: config, weights };
}

function newModel(options: TrainOptions, text: Text): Omit<TrainedModel, "weights"> & { readonly weights: undefined } {
  const known = text.bytes.subarray(0, trainingBytes(text.bytes));
  const tokenizer = createTokenizer(options.vocab === BYTES ? [] : trainBpe(known, options.vocab));
  return { config: llamaConfig(modelShape(options, tokenizer.size)), tokenizer, weights: undefined };
}

function modelShape(options: TrainOptions, vocabSize: number): Partial<LlamaConfig> {
  const { dim, layers, heads, kvHeads, hidden, context, tied } = options;
  return {
    vocabSize,
    dim,
    layers,
    heads,
    context,
    ...(tied !== undefined && { tied }),
    ...(kvHeads !== undefined && { kvHeads }),
    ...(hidden !== undefined && { hidden }),
  };
}
