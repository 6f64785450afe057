import { DataError } from "./errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Share of the text, at its end, that is never trained on. */
const HELD_OUT = 0.1;

/** A text as tokens, split into what is trained on and what is held out. */
export interface Corpus {
  readonly train: Uint16Array;
  readonly validation: Uint16Array;
  /** Bytes that a token of the held-out part stands for on average: nats per token over this are nats per byte. */
  readonly bytesPerToken: number;
}

/**
 * Encodes a text and holds its last tenth out.
 *
 * @throws {DataError} if the held-out part is shorter than one window of `context` tokens and the token after it.
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
  return { train, validation, bytesPerToken: heldOut.length / validation.length };
}

/** How many bytes are trained on, whole characters. A vocabulary is learned from these alone. */
export function trainingBytes(bytes: Uint8Array): number {
  let cut = Math.floor(bytes.length * (1 - HELD_OUT));
  while (cut > 0 && isContinuation(bytes[cut])) cut--;
  return cut;
}

/** Whether a byte of UTF-8 goes on with a character that began before it. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >> 6 === 0b10;
}
