import {
  type ConversationFacts,
  chatFormat,
  createConversations,
  createCorpus,
  type ModelFiles,
  parseExamples,
  type Sequences,
  type Tokenizer,
  type TrainOptions,
  tokensOf,
  UsageError,
} from "@sumo/training";
import { readData, type Text } from "@sumo/training/text";
import type { Companions } from "../run/run-folder.ts";
import { fileCorpus } from "../run/token-file.ts";
import { formatCount } from "../screen/format.ts";
import type { Screen } from "../screen/screen.ts";
import { type OnWork, showWork } from "../screen/work-bar.ts";
import { decodeParquet } from "./decode-parquet.ts";

/** Bytes of a text from which on its tokens lie in a file instead of in memory, and its reading is shown. */
const LARGE = 2 ** 26;

/** The folder of runs, which keeps the tokens of large texts, and the screen for their progress. */
export interface DataPlace {
  readonly runs: string;
  readonly screen: Screen;
}

/** Shows the progress of work on a large text. */
export function showLargeWork(what: string, { screen }: DataPlace): OnWork {
  return showWork(screen, what, LARGE);
}

/** Reads and checks a text, as `readData` does, and shows the progress of a large one. */
export function readRunText(source: string, base: string, place: DataPlace): Promise<Text> {
  return readData(source, base, showLargeWork("reading the text", place), decodeParquet);
}

/** The sequences of a run, and one line that says what they are made of. */
export interface RunData {
  readonly kind: Text["kind"];
  readonly sequences: Sequences;
  readonly description: string;
}

/**
 * Encodes a text, or examples in the model's chat format.
 *
 * @param companions - files that came with the model, which have its chat template.
 * @throws {DataError} if it is too short, or an example is none. @throws {UsageError} for `--loss` and `--pack` without examples, and `--eval-answers` without
 * answers.
 */
export function prepareData(
  text: Text,
  options: Pick<TrainOptions, "context" | "loss" | "pack" | "evalAnswers">,
  tokenizer: Tokenizer,
  companions: Companions,
  place: DataPlace,
): RunData {
  const { context, loss, pack, evalAnswers } = options;
  if (text.kind === "text") {
    const ofExamples = loss !== undefined ? "--loss" : pack && "--pack";
    if (ofExamples) throw new UsageError(`${ofExamples} is for examples, in a .jsonl file`);
    checkAnswers(evalAnswers, 0);
    const onEncoded = showLargeWork("encoding the text", place);
    const corpus =
      text.size < LARGE
        ? createCorpus(text.bytes, tokenizer, context)
        : fileCorpus(text, tokenizer, context, place.runs, onEncoded);
    return { kind: text.kind, sequences: corpus, description: describeText(text, tokensOf(corpus)) };
  }
  const examples = parseExamples(new TextDecoder().decode(text.bytes), text.source);
  const format = chatFormat(textsOf(companions), tokenizer);
  const { facts, ...sequences } = createConversations(examples, {
    tokenizer,
    format,
    context,
    loss: loss ?? "completion",
    pack,
  });
  checkAnswers(evalAnswers, sequences.answers.length);
  return { kind: text.kind, sequences, description: describeExamples(text.source, facts, pack) };
}

/** @throws {UsageError} if answers are to be measured, and none are held out. */
function checkAnswers(asked: number | undefined, heldOut: number): void {
  if (asked === undefined || heldOut > 0) return;
  throw new UsageError(
    "--eval-answers is for examples with replies or completions, learned alone: none that fits the context is held out",
  );
}

/** Texts of the files that came with a model. */
export function textsOf(companions: Companions): ModelFiles {
  const decoder = new TextDecoder();
  return Object.fromEntries(Object.entries(companions).map(([name, bytes]) => [name, decoder.decode(bytes)]));
}

/** One line on the text that was read and the entries that were left out. */
function describeText({ source, size, files, documents, leftOut }: Text, tokens: number): string {
  const read = [
    ...(files === undefined ? [] : [counted(files, "file")]),
    counted(documents, "document"),
    counted(size, "byte"),
    counted(tokens, "token"),
  ];
  const without = leftOut.length === 0 ? "" : `; left out: ${leftOut.join(", ")}`;
  return `${source}: ${read.join(", ")}; the last tenth is held out${without}`;
}

/** One line on examples: what is trained on, held out, packed, cut and left out. */
function describeExamples(source: string, facts: ConversationFacts, pack: boolean | undefined): string {
  const { examples, heldOut, tokens, trained, cut, leftOut, rows } = facts;
  const read = `${counted(examples, "example")}, ${counted(tokens, "token")}, ${formatCount(trained)} of them to predict; ${formatCount(heldOut)} held out`;
  const packed = pack ? `; packed into ${counted(rows, "context")}` : "";
  const short = cut === 0 ? "" : `; ${formatCount(cut)} cut at the context`;
  const without = leftOut === 0 ? "" : `; ${formatCount(leftOut)} left out, with nothing to predict within the context`;
  return `${source}: ${read}${packed}${short}${without}`;
}

const counted = (count: number, one: string): string => `${formatCount(count)} ${one}${count === 1 ? "" : "s"}`;
