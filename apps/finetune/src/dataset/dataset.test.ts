import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { createTokenizer } from "../encoder/tokenizer.ts";
import { batchesOf, createDataset, trainingBatch } from "./dataset.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const letters = Array.from("abcdefghijklmnopqrstuvwxyz");
const tokenizer = createTokenizer(["?", "", "", "", "", "", "▁", ...letters].map((piece) => [piece, -1] as const));
const glosses = Array.from({ length: 200 }, (_, i) => ({
  text: `${letters[i % 26]}${letters[Math.floor(i / 26)]}`.repeat(1 + (i % 20)),
  category: i % 24,
}));
const dataset = createDataset(glosses, tokenizer, { train: 100, validation: 50 });

test("training, tuning and validation share no text, and are the same every time", () => {
  const keys = (part: "train" | "tuning" | "validation") =>
    dataset[part].map(({ ids, category }) => `${ids} ${category}`);
  expect(new Set([...keys("train"), ...keys("tuning"), ...keys("validation")]).size).toBe(200);
  expect(createDataset(glosses, tokenizer, { train: 100, validation: 50 })).toEqual(dataset);
});

test("a training batch depends on seed and step alone", () => {
  const ids = (seed: number, step: number) => trainingBatch(dataset, 8, seed, step).ids.arraySync();
  expect(ids(1, 5)).toEqual(ids(1, 5));
  expect(ids(1, 5)).not.toEqual(ids(2, 5));
  expect(ids(1, 5)).not.toEqual(ids(1, 6));
});

test("batches hold every example once, cut to 24 pieces and padded to the longest", () => {
  const batches = [...batchesOf(dataset.validation, 16)];
  expect(batches.map(({ ids }) => ids.shape[0])).toEqual([16, 16, 16, 2]);
  for (const { ids, lengths } of batches) {
    const own = lengths.dataSync();
    expect(Math.max(...own)).toBe(ids.shape[1]);
    expect(ids.shape[1]).toBeLessThanOrEqual(24);
  }
});
