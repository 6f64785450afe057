import { fillUniform } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs";
import type { TokenBatch } from "../encoder/encoder.ts";
import type { Tokenizer } from "../encoder/tokenizer.ts";
import type { Gloss } from "./glosses.ts";

/** A text as piece ids, and its category. */
interface Example {
  readonly ids: Int32Array;
  readonly category: number;
}

export interface Dataset {
  readonly train: readonly Example[];
  /** Texts on which accuracies are measured. */
  readonly validation: readonly Example[];
}

/** Disjoint sets of texts for the comparison of methods and for the choice of learning rates. */
export interface Split extends Dataset {
  readonly tuning: readonly Example[];
}

/** Texts and categories as tensors. The caller disposes of all three. */
export interface LabelledBatch extends TokenBatch {
  /** [batch], int32. */
  readonly categories: tf.Tensor1D;
}

/** Largest number of pieces; longer texts are truncated. */
const MOST_PIECES = 24;
/** Streams of random numbers. */
const SPLIT = 1;
const BATCHES = 2;

/** Draws texts for training and for validation. The split depends only on the sizes. */
export function createDataset(
  glosses: readonly Gloss[],
  tokenizer: Tokenizer,
  sizes: { readonly train: number; readonly validation: number },
): Split {
  const order = uniform(glosses.length, [0, SPLIT, 0]);
  const shuffled = Array.from(order.keys()).sort((a, b) => order[a]! - order[b]!);
  const examples = (from: number, count: number) =>
    shuffled.slice(from, from + count).map((i) => ({
      ids: tokenizer.encode(glosses[i]!.text).slice(0, MOST_PIECES),
      category: glosses[i]!.category,
    }));
  return {
    tuning: examples(0, sizes.validation),
    train: examples(sizes.validation, sizes.train),
    validation: examples(sizes.validation + sizes.train, sizes.validation),
  };
}

/** Draws a step's training batch with replacement, the same for all methods with equal seeds. */
export function trainingBatch({ train }: Dataset, size: number, seed: number, step: number): LabelledBatch {
  return batchOf(Array.from(uniform(size, [seed, BATCHES, step]), (u) => train[Math.floor(u * train.length)]!));
}

/** Iterates over all examples in batches, sorted by length to save padding. */
export function* batchesOf(examples: readonly Example[], size: number): Generator<LabelledBatch> {
  const sorted = [...examples].sort((a, b) => a.ids.length - b.ids.length);
  for (let i = 0; i < sorted.length; i += size) yield batchOf(sorted.slice(i, i + size));
}

function batchOf(examples: readonly Example[]): LabelledBatch {
  const length = Math.max(...examples.map(({ ids }) => ids.length));
  const ids = new Int32Array(examples.length * length);
  examples.forEach((example, i) => {
    ids.set(example.ids, i * length);
  });
  return {
    ids: tf.tensor2d(ids, [examples.length, length], "int32"),
    lengths: tf.tensor1d(examples.map((example) => example.ids.length)),
    categories: tf.tensor1d(
      examples.map(({ category }) => category),
      "int32",
    ),
  };
}

function uniform(count: number, key: readonly [number, number, number]): Float64Array {
  const out = new Float64Array(count);
  fillUniform(out, key);
  return out;
}
