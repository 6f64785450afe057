import { bytesFile } from "@sumo/llama";
import { DataError } from "../errors.ts";
import { type TokenArray, tokenArray } from "../tokenizer/token-array.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { type Batch, type BatchShape, copySequence, drawBatch, evenStarts, type Tokens } from "./batches.ts";
import type { Sequences } from "./sequences.ts";
import { encodePieces, textPieces, trainingBytes } from "./text-pieces.ts";

/** A text as tokens, split into a training part and a validation part. */
export interface Corpus<T extends Tokens = Tokens> extends Sequences {
  readonly train: T;
  readonly validation: T;
}

/** The two parts of a text as tokens. */
interface CorpusParts<T extends Tokens> {
  readonly train: T;
  readonly validation: T;
  /** Bytes of the validation part. */
  readonly heldOutBytes: number;
}

/**
 * Encodes a text in memory and holds out its last tenth for validation.
 *
 * @throws {DataError} as {@link corpusOf}.
 */
export function createCorpus(bytes: Uint8Array, tokenizer: Tokenizer, context: number): Corpus<TokenArray> {
  const text = bytesFile(bytes);
  const cut = trainingBytes(text);
  const encode = (from: number, to: number): TokenArray =>
    joined(
      tokenizer.size,
      Array.from(encodePieces(textPieces(text, from, to), tokenizer), ({ tokens }) => tokens),
    );
  const heldOutBytes = bytes.length - cut;
  return corpusOf({ train: encode(0, cut), validation: encode(cut, bytes.length), heldOutBytes }, context);
}

/**
 * The corpus of a text that is encoded already.
 *
 * @throws {DataError} if one of its parts is shorter than a sequence of `context` tokens and the token after it.
 */
export function corpusOf<T extends Tokens>(parts: CorpusParts<T>, context: number): Corpus<T> {
  const { train, validation, heldOutBytes } = parts;
  if (Math.min(train.length, validation.length) < context + 1) {
    throw new DataError(
      `data: too short: its last tenth (${validation.length} tokens) must hold one context and a token more (${context + 1}); ` +
        "take a longer text or a smaller --context",
    );
  }
  return {
    train,
    validation,
    bytesPerToken: heldOutBytes / validation.length,
    everyTarget: true,
    answers: [],
    choices: [],
    draw: (out, shape, { seed, step, microBatch }) => drawBatch(out, train, shape, seed, step, microBatch),
    heldOut: (out, shape, tokens) => windows(out, shape, validation, tokens),
  };
}

/** Fills a batch with one after another of windows over a text, spaced evenly. */
function* windows(out: Batch, { batch, length }: BatchShape, text: Tokens, tokens: number): Generator<void> {
  const batches = Math.ceil(Math.min(tokens, text.length - 1) / (batch * length));
  const starts = evenStarts(batches * batch, text.length, length);
  for (let b = 0; b < batches; b++) {
    for (let i = 0; i < batch; i++) copySequence(out, i, text, starts[b * batch + i]!, length);
    yield;
  }
}

/** Number of a corpus's tokens. */
export function tokensOf({ train, validation }: Corpus): number {
  return train.length + validation.length;
}

/** One array of tokens of a vocabulary of `size`. */
function joined(size: number, parts: readonly TokenArray[]): TokenArray {
  const out = tokenArray(
    size,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
