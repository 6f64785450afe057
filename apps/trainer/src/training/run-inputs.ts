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
  textPieces,
  trainBpe,
  trainingBytes,
} from "@sumo/training";
import type { Text } from "@sumo/training/text";
import { readAdapter } from "../run/adapter-folder.ts";
import { readModel, type TrainedModel } from "../run/model-folder.ts";
import type { OnWork } from "../screen/work-bar.ts";
import { type DataPlace, prepareData, type RunData, readRunText, showLargeWork } from "./run-data.ts";

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
 * Loads and checks the inputs of a new run, and writes nothing but the tokens of a large text. The model is a new one, with a vocabulary learned from the training part of
 * the text, or the one to fine-tune.
 *
 * @param base - folder that relative paths start from.
 * @throws {DataError} @throws {ConfigError} @throws {RunError}
 */
export async function loadRunInputs(options: TrainOptions, base: string, place: DataPlace): Promise<RunInputs> {
  if (options.init === undefined) checkModel(modelConfig(options, options.vocab), options);
  const text = await readRunText(options.data, base, place);
  const init = options.init === undefined ? undefined : readModel(place.runs, options.init, base);
  const { config, tokenizer } = init ?? newModel(options, text, place);
  const adapter = options.adapter === undefined ? undefined : readAdapter(options.adapter, base);
  checkModel(config, options);
  const prepared = prepareData(text, options, tokenizer, init?.companions ?? {}, place);
  const data = { source: text.source, bytes: text.size, digest: text.digest };
  return { text, data, tokenizer, ...prepared, model: config, init, adapter };
}

function newModel(options: TrainOptions, text: Text, place: DataPlace): Pick<TrainedModel, "config" | "tokenizer"> {
  const pieces = vocabularyPieces(text, showLargeWork("learning the vocabulary", place));
  const merges = options.vocab === BYTES ? [] : trainBpe(pieces, options.vocab);
  const tokenizer = createTokenizer(merges, text.kind === "examples" ? CHATML_MARKS : []);
  return { config: modelConfig(options, tokenizer.size), tokenizer };
}

/** Bytes of a text that a vocabulary is learned from, at most. */
const VOCABULARY_BYTES = 2 ** 28;

/** Text that a vocabulary is learned from: the training part, in evenly spaced pieces where it is large, or what the examples say. */
function vocabularyPieces(text: Text, onWork: OnWork): Iterable<Uint8Array> {
  if (text.kind === "text") return spacedPieces(text, trainingBytes(text), onWork);
  const said = parseExamples(new TextDecoder().decode(text.bytes), text.source).flatMap((example) => {
    if ("messages" in example) return example.messages.map(({ content }) => content);
    return "prompt" in example ? [example.prompt, example.completion] : [example.text];
  });
  return [new TextEncoder().encode(said.join("\n"))];
}

function* spacedPieces(text: Text, end: number, onWork: OnWork): Generator<Uint8Array> {
  const every = Math.ceil(end / VOCABULARY_BYTES);
  let [i, done] = [0, 0];
  for (const piece of textPieces(text, 0, end)) {
    if (i++ % every === 0) yield piece;
    done += piece.length;
    onWork(done, end);
  }
}
