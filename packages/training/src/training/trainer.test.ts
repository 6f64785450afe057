import { llamaConfig } from "@sumo/llama";
import { expect, test } from "vitest";
import type { TrainOptions } from "../options/train-options.ts";
import { readText } from "../read-text/read-text.ts";
import { createCorpus } from "../text/corpus.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { Trainer } from "./trainer.ts";

const SHAPE = { dim: 32, layers: 2, heads: 4, context: 64 };
const OPTIONS = {
  ...SHAPE,
  optimizer: "sumo",
  beta2: 0.99,
  weightDecay: 0,
  batch: 8,
  accumulate: 2,
  seed: 0,
  schedule: "constant",
  steps: 40,
  evalEvery: 10,
  evalTokens: 2048,
  finalTokens: 4096,
} as unknown as TrainOptions;
const corpus = createCorpus(readText("moby-dick").bytes, createTokenizer([]), SHAPE.context);

test("the estimate of a run's time is near the time, shrinks with the steps left, and leaves the run's bits as they are", () => {
  const [estimated, reference] = [0, 1].map(() => new Trainer(llamaConfig(SHAPE), OPTIONS, corpus)) as [
    Trainer,
    Trainer,
  ];
  const whole = estimated.estimateSeconds();
  const start = performance.now();
  for (let step = 0; step < 30; step++) expect(estimated.trainStep()).toBe(reference.trainStep());
  const seconds = (performance.now() - start) / 1000 / 2; // for one of the two trainers
  expect(seconds / (whole * (30 / 40))).toBeGreaterThan(0.3);
  expect(seconds / (whole * (30 / 40))).toBeLessThan(5);
  expect(estimated.estimateSeconds()).toBeLessThan(whole);
  expect(estimated.save()).toEqual(reference.save());
});
