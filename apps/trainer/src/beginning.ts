import { type LlamaConfig, llamaConfig } from "@sumo/llama";
import { trainBpe } from "./bpe.ts";
import { type Corpus, createCorpus, trainingBytes } from "./corpus.ts";
import { digest, readText, type Text } from "./data.ts";
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
}

/**
 * Reads the text, learns the vocabulary from the part that is trained on, and settles the model's shape.
 *
 * @param base - the folder that a relative `options.data` starts from.
 * @throws {DataError} @throws {ConfigError}
 */
export function begin(options: TrainOptions, base: string): Beginning {
  const text = readText(options.data, base);
  const learned =
    options.vocab === BYTES ? [] : trainBpe(text.bytes.subarray(0, trainingBytes(text.bytes)), options.vocab);
  const tokenizer = createTokenizer(learned);
  const model = llamaConfig(modelShape(options, tokenizer.size));
  const corpus = createCorpus(text.bytes, tokenizer, options.context);
  const data = { source: text.source, bytes: text.bytes.length, digest: digest(text.bytes) };
  return { text, data, tokenizer, corpus, model };
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
