import { fillUniform } from "@sumo/linalg";
import { DataError } from "../errors.ts";
import { type Batch, evenly } from "../text/batches.ts";
import type { Answer, Choice, Sequences } from "../text/sequences.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { ChatFormat } from "./chat-format.ts";
import { type EncodedExample, encodeExample, type LossPart } from "./encode-example.ts";
import { answerOf, type Example, withAnswer } from "./example.ts";
import { packItems } from "./pack.ts";

/** Stream of random numbers for the order of examples, apart from those of weights and samples. */
const STREAM = 0x74726c6b; // "trlk"

/** One of so many examples is held out. */
const HELD_OUT = 10;

/** Numbers of a file of examples, for people. */
export interface ConversationFacts {
  readonly examples: number;
  readonly heldOut: number;
  /** Tokens of all sequences, and those that are trained on. */
  readonly tokens: number;
  readonly trained: number;
  /** Sequences that were cut at the context. */
  readonly cut: number;
  /** Examples without anything to train on within the context. */
  readonly leftOut: number;
  /** Rows of a context each that the sequences fill. */
  readonly rows: number;
}

/** Examples as sequences to train on, one or several a row, which is filled up to the context. No example sees another. */
export interface Conversations extends Sequences {
  readonly facts: ConversationFacts;
}

/** How examples are encoded. */
export interface EncodeOptions {
  readonly tokenizer: Tokenizer;
  readonly format: ChatFormat;
  /** Tokens of a row. Longer examples are cut. */
  readonly context: number;
  readonly loss: LossPart;
  /** Whether several sequences share a row where they fit. Default: each has its own. */
  readonly pack?: boolean | undefined;
}

/** Sequences that share a row of a batch. */
type Row = readonly EncodedExample[];

/**
 * Encodes examples, and holds out every tenth of them, spaced evenly, at least one.
 *
 * @throws {DataError} if fewer than two have anything to train on within the context, or the chat template refuses one.
 */
export function createConversations(
  examples: readonly Example[],
  { tokenizer, format, context, loss, pack = false }: EncodeOptions,
): Conversations {
  const encode = (example: Example): EncodedExample[] => encodeExample(example, format, tokenizer, loss);
  const encoded = examples.map(encode);
  const isCut = ({ tokens }: EncodedExample): boolean => tokens.length > context + 1;
  const isWhole = (sequence: EncodedExample): boolean => !isCut(sequence) && isTrained(sequence);
  const cut = encoded.flat().filter(isCut).length;
  const usable = encoded
    .map((sequences, i) => {
      const example = examples[i]!;
      const asks = loss === "completion" && !("text" in example);
      const answers = asks ? sequences.filter(isWhole).map(splitAnswer) : [];
      return {
        example,
        sequences: sequences.map((sequence) => upTo(context + 1, sequence)).filter(isTrained),
        answers,
      };
    })
    .filter(({ sequences }) => sequences.length > 0);
  const leftOut = examples.length - usable.length;
  if (usable.length < 2) {
    throw new DataError(
      `data: ${usable.length} of ${examples.length} examples have anything to train on within the context of ${context} tokens: ` +
        "take a larger --context, or --loss all",
    );
  }
  const chosen = new Set(evenly(Math.max(1, Math.floor(usable.length / HELD_OUT)), usable.length - 1));
  const tested = usable.filter((_, i) => chosen.has(i));
  const [train, heldOut] = [usable.filter((_, i) => !chosen.has(i)), tested].map((part) =>
    rowsOf(
      part.flatMap(({ sequences }) => sequences),
      pack ? context : undefined,
    ),
  ) as [Row[], Row[]];
  const rows = [...train, ...heldOut];
  const all = rows.flat();
  const trained = sum(all.map(countTrained));
  const facts = {
    examples: examples.length,
    heldOut: chosen.size,
    tokens: sum(all.map(({ tokens }) => tokens.length)),
    trained,
    cut,
    leftOut,
    rows: rows.length,
  };
  const answers = tested.flatMap((example) => example.answers);
  const lastAnswer = (example: Example): Answer | undefined => {
    const last = encode(example).at(-1)!;
    return isWhole(last) ? splitAnswer(last) : undefined;
  };
  const choices = loss === "all" ? [] : tested.flatMap(({ example }) => choiceOf(example, lastAnswer) ?? []);
  return { facts, answers, choices, ...sequencesOf(train, heldOut, tokenizer) };
}

/** The question of an example with options; `undefined` if it has none, or one of them has no answer. */
function choiceOf(example: Example, lastAnswer: (example: Example) => Answer | undefined): Choice | undefined {
  if ("text" in example || example.options === undefined) return undefined;
  const options = example.options.flatMap((option) => lastAnswer(withAnswer(example, option)) ?? []);
  if (options.length < example.options.length) return undefined;
  return { options, right: example.options.indexOf(answerOf(example)!) };
}

/** The last reply of an example, and all before it: at least the first token, which is never predicted. */
function splitAnswer({ tokens, trained }: EncodedExample): Answer {
  const end = trained.lastIndexOf(1) + 1;
  const start = Math.max(1, trained.lastIndexOf(0, end - 1) + 1);
  return { prompt: tokens.slice(0, start), answer: tokens.slice(start, end) };
}

/** Sequences as rows: packed into rows of `context` tokens, or each a row. Packed ones stay together in every round. */
function rowsOf(sequences: readonly EncodedExample[], context: number | undefined): Row[] {
  if (context === undefined) return sequences.map((sequence) => [sequence]);
  const packed = packItems(sequences.map(lengthInRow), context);
  return packed.map((row) => row.map((i) => sequences[i]!));
}

function sequencesOf(
  train: readonly Row[],
  heldOut: readonly Row[],
  tokenizer: Tokenizer,
): Omit<Sequences, "answers" | "choices"> {
  const order = orderOf(train.length);
  const bytes = heldOut.flat().map((sequence) => bytesToPredict(sequence, tokenizer));
  const counts = heldOut.flat().map(countTrained);
  return {
    bytesPerToken: Math.max(1, sum(bytes)) / sum(counts),
    everyTarget: false,
    draw(out, { batch, length }, { seed, step, microBatch, accumulate }) {
      for (let i = 0; i < batch; i++) {
        const place = (step * accumulate + microBatch) * batch + i;
        copyRow(out, i, length, train[order(seed, place)]!);
      }
    },
    *heldOut(out, { batch, length }, tokens) {
      const count = Math.min(heldOut.length, Math.ceil((tokens * heldOut.length) / sum(counts)));
      const rows = evenly(count, heldOut.length - 1);
      for (let first = 0; first < count; first += batch) {
        for (let i = 0; i < batch; i++) copyRow(out, i, length, heldOut[rows[first + i] ?? -1] ?? []);
        yield;
      }
    },
  };
}

/** Bytes of text in the tokens that are predicted; special tokens are no text. */
function bytesToPredict({ tokens, trained }: EncodedExample, { decode, special }: Tokenizer): number {
  const marks = new Set(special.values());
  return decode(tokens.filter((token, i) => i > 0 && trained[i] === 1 && !marks.has(token))).length;
}

/** Order of rows: each comes once before any comes again, in an order that seed and round make. */
function orderOf(count: number): (seed: number, place: number) => number {
  let known: { readonly seed: number; readonly round: number; readonly order: Uint32Array } | undefined;
  return (seed, place) => {
    const round = Math.floor(place / count);
    if (known?.seed !== seed || known.round !== round) known = { seed, round, order: shuffled(count, seed, round) };
    return known.order[place % count]!;
  };
}

/** Fisher and Yates's shuffle. */
function shuffled(count: number, seed: number, round: number): Uint32Array {
  const uniform = new Float64Array(count);
  fillUniform(uniform, [seed, STREAM, round]);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(uniform[i]! * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Row `i` of a batch ← sequences and what follows each of their tokens, and after them a document without anything to predict. */
function copyRow(out: Batch, i: number, length: number, row: Row): void {
  const [tokens, targets, positions] = [out.tokens, out.targets, out.positions].map((block) =>
    block.subarray(i * length, (i + 1) * length),
  ) as [Int32Array, Int32Array, Int32Array];
  tokens.fill(0);
  targets.fill(-1);
  let start = 0;
  for (const sequence of row) {
    tokens.set(sequence.tokens.subarray(0, -1), start);
    for (let t = 1; t < sequence.tokens.length; t++) {
      if (sequence.trained[t] === 1) targets[start + t - 1] = sequence.tokens[t]!;
    }
    for (let t = 0; t < lengthInRow(sequence); t++) positions[start + t] = t;
    start += lengthInRow(sequence);
  }
  for (let t = start; t < length; t++) positions[t] = t - start;
}

/** Tokens that a sequence takes of a row: all but its last one, which is only predicted. */
const lengthInRow = ({ tokens }: EncodedExample): number => tokens.length - 1;

const upTo = (most: number, { tokens, trained }: EncodedExample): EncodedExample => ({
  tokens: tokens.subarray(0, most),
  trained: trained.subarray(0, most),
});

/** Number of tokens that are predicted: the first one never is. */
const countTrained = ({ trained }: EncodedExample): number => sum(Array.from(trained.subarray(1)));
const isTrained = (example: EncodedExample): boolean => countTrained(example) > 0;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
