import { DataError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { type Batch, type BatchShape, copySequence, drawBatch, evenStarts } from "./batches.ts";
import type { Sequences } from "./sequences.ts";

/** Share of the text, at its end, that is held out for validation. */
const HELD_OUT = 0.1;

/** A text as tokens, split into a training part and a validation part. */
export interface Corpus extends Sequences {
  readonly train: Uint16Array;
  readonly validation: Uint16Array;
}

/**
 * Encodes a text and holds out its last tenth for validation.
 *
 * @throws {DataError} if the validation part is shorter than one sequence of `context` tokens and the token after it.
 */
export function createCorpus(bytes: Uint8Array, tokenizer: Tokenizer, context: number): Corpus {
  const cut = trainingBytes(bytes);
  const heldOut = bytes.subarray(cut);
  const train = tokenizer.encode(bytes.subarray(0, cut));
  const validation = tokenizer.encode(heldOut);
  if (Math.min(train.length, validation.length) < context + 1) {
    throw new DataError(
      `data: too short: its last tenth (${validation.length} tokens) must hold one context and a token more (${context + 1}); ` +
        "take a longer text or a smaller --context",
    );
  }
  return {
    train,
    validation,
    bytesPerToken: heldOut.length / validation.length,
    everyTarget: true,
    draw: (out, shape, { seed, step, microBatch }) => drawBatch(out, train, shape, seed, step, microBatch),
    heldOut: (out, shape, tokens) => windows(out, shape, validation, tokens),
  };
}

/** Fills a batch with one after another of windows over a text, spaced evenly. */
function* windows(out: Batch, { batch, length }: BatchShape, text: Uint16Array, tokens: number): Generator<void> {
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

/** Number of bytes in the training part, cut between characters. A vocabulary is learned from these alone. */
export function trainingBytes(bytes: Uint8Array): number {
  let cut = Math.floor(bytes.length * (1 - HELD_OUT));
  while (cut > 0 && isContinuation(bytes[cut])) cut--;
  return cut;
}

/** Whether a byte is a continuation byte of UTF-8. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >> 6 === 0b10;
}
