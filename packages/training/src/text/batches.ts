import { fillUniform } from "@sumo/linalg";
import type { TokenArray } from "../tokenizer/token-array.ts";

/** Stream of random numbers for batches, apart from those of the weights and the optimizer. */
const STREAM = 0x62617463; // "batc"

/** A batch: `batch` sequences of `length` tokens, one after another, and the token that follows each of theirs, or −1 where none is to be predicted. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  /** Place of each token in its document: 0 begins one. A sequence is one document, unless several are packed into it. */
  readonly positions: Int32Array;
}

/** Tokens of a text: an array, or a file of which windows are read. */
export interface Tokens {
  readonly length: number;
  /** The tokens from `start` to before `end`, both within the text. */
  subarray(start: number, end: number): TokenArray;
}

export interface BatchShape {
  readonly batch: number;
  readonly length: number;
}

/** Allocates a batch, to be filled for every step. */
export function emptyBatch({ batch, length }: BatchShape): Batch {
  const positions = Int32Array.from({ length: batch * length }, (_, i) => i % length);
  return { tokens: new Int32Array(batch * length), targets: new Int32Array(batch * length), positions };
}

/** Number of tokens with a target; a target of −1 is none. */
export function countTargets({ targets }: Pick<Batch, "targets">): number {
  return targets.reduce((count, target) => count + (target >= 0 ? 1 : 0), 0);
}

/**
 * Fills `out` with sequences from random positions. They depend on seed, step and micro-batch alone, so that a resumed run, and another
 * optimizer with the same seed, sees the same text in the same order.
 *
 * @param microBatch - index of the micro-batch within its step, from 0: together they draw what one batch of as many sequences would.
 */
export function drawBatch(
  out: Batch,
  text: Tokens,
  { batch, length }: BatchShape,
  seed: number,
  step: number,
  microBatch = 0,
): void {
  const positions = new Float64Array((microBatch + 1) * batch);
  fillUniform(positions, [seed, STREAM, step]);
  for (let i = 0; i < batch; i++) {
    copySequence(out, i, text, Math.floor(positions[microBatch * batch + i]! * (text.length - length)), length);
  }
}

/** First tokens of `count` sequences spaced evenly over a text; they overlap where the text is short. */
export function evenStarts(count: number, textLength: number, length: number): number[] {
  return evenly(count, textLength - 1 - length);
}

/** `count` whole numbers spaced evenly from 0 to `last`; only 0 if there is one. */
export function evenly(count: number, last: number): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1))));
}

/** Copies the `length` tokens from `start` on, and their successors, into sequence `i` of `out`. */
export function copySequence(out: Batch, i: number, text: Tokens, start: number, length: number): void {
  const window = text.subarray(start, start + length + 1);
  out.tokens.set(window.subarray(0, length), i * length);
  out.targets.set(window.subarray(1), i * length);
}
