import { fillUniform } from "@sumo/linalg";

/** Tells the random numbers of the batches from those of the weights and of the optimizer. */
const STREAM = 0x62617463; // "batc"

/** `batch` windows of `length` tokens, one after another, and the token that follows each of theirs. */
export interface Batch {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
}

export interface BatchShape {
  readonly batch: number;
  readonly length: number;
}

/** An empty batch to be filled again and again. */
export function emptyBatch({ batch, length }: BatchShape): Batch {
  return { tokens: new Int32Array(batch * length), targets: new Int32Array(batch * length) };
}

/**
 * Fills `out` with windows from random places. They depend on the seed, the step and the part alone, so that a resumed run, and another
 * optimizer with the same seed, sees the same text in the same order.
 *
 * @param part - which of a step's passes this is, from 0: all of them together see what one pass over as many windows would.
 */
export function drawBatch(
  out: Batch,
  text: Uint16Array,
  { batch, length }: BatchShape,
  seed: number,
  step: number,
  part = 0,
): void {
  const places = new Float64Array((part + 1) * batch);
  fillUniform(places, [seed, STREAM, step]);
  for (let i = 0; i < batch; i++) {
    copyWindow(out, i, text, Math.floor(places[part * batch + i]! * (text.length - length)), length);
  }
}

/**
 * Where `count` windows begin that are spread evenly over a text from its first token to its last; they overlap where the text is short.
 */
export function evenStarts(count: number, textLength: number, length: number): number[] {
  const last = textLength - 1 - length;
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.round((i * last) / (count - 1))));
}

/** Fills window `i` of `out` with the `length` tokens from `start` on, and their successors. */
export function copyWindow(out: Batch, i: number, text: Uint16Array, start: number, length: number): void {
  out.tokens.set(text.subarray(start, start + length), i * length);
  out.targets.set(text.subarray(start + 1, start + 1 + length), i * length);
}
