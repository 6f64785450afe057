import { llamaConfig, type Parameter, type WeightData } from "@sumo/llama";
import { expect, test } from "vitest";
import { readText } from "../read-text/read-text.ts";
import { createCorpus } from "../text/corpus.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { Trainer } from "../training/trainer.ts";
import { OPTIMIZER_NAMES } from "./optimizers.ts";
import type { TrainOptions } from "./train-options.ts";

const SHAPE = { dim: 32, layers: 2, heads: 4, context: 64 };
const [MEASURED, EVERY] = [8192, 20];
const config = llamaConfig(SHAPE);
const corpus = createCorpus(readText("moby-dick").bytes, createTokenizer([]), SHAPE.context);
const FIXED = { ...SHAPE, beta2: 0.99, weightDecay: 0, batch: 8, accumulate: 1, seed: 0 };
const COURSE = { schedule: "cosine", warmup: 20, finalLr: 0.1 };
const create = (changes: Partial<TrainOptions>): Trainer =>
  new Trainer(config, { ...FIXED, ...COURSE, ...changes } as TrainOptions, corpus);

let base: readonly Parameter<WeightData>[] | undefined;

/** Parameters of a small model that has learned most of what it can. */
function trainedBase(): readonly Parameter<WeightData>[] {
  if (base === undefined) {
    const trainer = create({ optimizer: "adamw", steps: 400 });
    while (trainer.step < 400) trainer.trainStep();
    base = trainer.model.parameters;
  }
  return base;
}

/** Held-out losses while the base is tuned to its own text with an optimizer's defaults. */
function tunedLosses(changes: Partial<TrainOptions>): number[] {
  const weights = trainedBase();
  const trainer = create({ ...changes, init: "base", steps: 100 });
  for (const [i, { data }] of trainer.model.parameters.entries()) data.set(weights[i]!.data);
  const losses = [trainer.evaluate(MEASURED).loss];
  while (trainer.step < 100) {
    trainer.trainStep();
    if (trainer.step % EVERY === 0) losses.push(trainer.evaluate(MEASURED).loss);
  }
  trainer.dispose();
  return losses;
}

test.each(OPTIMIZER_NAMES)(
  "%s with its defaults: the held-out loss of a base on its own text falls from the first evaluation on",
  (optimizer) => {
    const losses = tunedLosses({ optimizer });
    for (const [i, loss] of losses.slice(1).entries()) expect(loss).toBeLessThan(losses[i]!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.005); // nor are the rates so low that nothing is learned
  },
);

test.each(OPTIMIZER_NAMES)(
  "LoRA by %s with its defaults: the held-out loss is never above the base's, and ends lowest",
  (optimizer) => {
    const [first, ...losses] = tunedLosses({ optimizer, method: "lora" });
    expect(Math.max(...losses)).toBeLessThan(first!);
    expect(Math.min(...losses)).toBe(losses.at(-1));
    expect(losses.at(-1)).toBeLessThan(first! - 0.005);
  },
);
