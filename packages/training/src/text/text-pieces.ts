import type { RandomAccessFile } from "@sumo/core";
import type { TokenArray } from "../tokenizer/token-array.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** Share of a text, at its end, that is held out for validation. */
const HELD_OUT = 0.1;

/** Bytes of a piece. */
const PIECE = 2 ** 20;

const SPACE = 0x20;

/** Number of bytes in the training part of a text, cut between characters. A vocabulary is learned from these alone. */
export function trainingBytes(text: RandomAccessFile): number {
  const most = Math.floor(text.size * (1 - HELD_OUT));
  const around = new Uint8Array(Math.min(4, text.size - Math.max(0, most - 3))); // a character has at most four bytes
  const start = Math.max(0, most - 3);
  text.read(around, start);
  let cut = most;
  while (cut > start && isContinuation(around[cut - start])) cut--;
  return cut;
}

/**
 * The bytes from `from` to `to` of a text in pieces of about `size` bytes. A piece ends after a letter, and the next begins with a space: no
 * tokenizer has a word across such a place, so that the tokens of the pieces are those of the whole. A piece without such a place is cut
 * between characters.
 */
export function* textPieces(
  text: RandomAccessFile,
  from: number,
  to: number,
  size: number = PIECE,
): Generator<Uint8Array> {
  for (let at = from; at < to; ) {
    const bytes = new Uint8Array(Math.min(size, to - at));
    text.read(bytes, at);
    const length = at + bytes.length === to ? bytes.length : placeToCut(bytes);
    yield bytes.subarray(0, length);
    at += length;
  }
}

/** A piece of a text as tokens. */
export interface EncodedPiece {
  readonly tokens: TokenArray;
  /** Bytes of the piece. */
  readonly bytes: number;
}

/** Encodes pieces that {@link textPieces} cut. @param isBeginning - whether the first is the text's. */
export function* encodePieces(
  pieces: Iterable<Uint8Array>,
  tokenizer: Tokenizer,
  isBeginning: boolean = true,
): Generator<EncodedPiece> {
  let isFirst = isBeginning;
  for (const piece of pieces) {
    yield { tokens: tokenizer.encode(piece, isFirst ? "nothing" : "text"), bytes: piece.length };
    isFirst = false;
  }
}

/** Bytes of the longest piece, at least one character. */
function placeToCut(bytes: Uint8Array): number {
  for (let at = bytes.lastIndexOf(SPACE); at > 0; at = bytes.lastIndexOf(SPACE, at - 1)) {
    if (/\p{L}/u.test(characterBefore(bytes, at))) return at;
  }
  let cut = bytes.length;
  do cut--;
  while (cut > 0 && isContinuation(bytes[cut]));
  return cut > 0 ? cut : bytes.length;
}

function characterBefore(bytes: Uint8Array, end: number): string {
  let start = end - 1;
  while (start > 0 && isContinuation(bytes[start])) start--;
  return new TextDecoder().decode(bytes.subarray(start, end));
}

/** Whether a byte is a continuation byte of UTF-8. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >> 6 === 0b10;
}
