import type { Batch, BatchShape } from "./batches.ts";

/** Place of a micro-batch in a run. */
interface DrawPlace {
  readonly seed: number;
  readonly step: number;
  /** Index of the micro-batch in its step, from 0, and their number. */
  readonly microBatch: number;
  readonly accumulate: number;
}

/** A held-out example as a question and its answer, which ends with the token that ends a turn. */
export interface Answer {
  readonly prompt: Int32Array;
  readonly answer: Int32Array;
}

/** A held-out example as a question with several answers. */
export interface Choice {
  readonly options: readonly Answer[];
  /** Index of the right one. */
  readonly right: number;
}

/** Sequences to train on, and others to measure the validation loss on. */
export interface Sequences {
  /** Mean bytes of a held-out token that is predicted: nats per token over this are nats per byte. */
  readonly bytesPerToken: number;
  /** Whether every token of a batch has a target. */
  readonly everyTarget: boolean;
  /** Held-out examples that have a question and an answer, whole within the context; none of plain text. */
  readonly answers: readonly Answer[];
  /** Held-out examples with options, all of which are whole within the context; none of plain text. */
  readonly choices: readonly Choice[];
  /** Fills `out` with training sequences. They depend on the place alone, so that a resumed run, and another optimizer, sees the same. */
  draw(out: Batch, shape: BatchShape, place: DrawPlace): void;
  /** Fills `out` with one batch of held-out sequences after another, spaced evenly, of about `tokens` tokens with a target; all where there are fewer. */
  heldOut(out: Batch, shape: BatchShape, tokens: number): Iterable<void>;
}
