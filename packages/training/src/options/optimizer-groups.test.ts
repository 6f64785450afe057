import { plan, type Schedule } from "@sumo/core";
import { expect, test } from "vitest";
import { optimizerGroups } from "./optimizer-groups.ts";
import { OPTIMIZER_NAMES } from "./optimizers.ts";
import { SCHEDULES, type TrainOptions } from "./train-options.ts";

const options = {
  optimizer: "sumo",
  auxLr: 3e-3,
  beta2: 0.99,
  weightDecay: 0,
  schedule: "cosine",
  warmup: 10,
  finalLr: 0.1,
  steps: 100,
  seed: 0,
} as TrainOptions;
const parameters = [
  { name: "embed", shape: [16, 8] },
  { name: "w", shape: [8, 24] },
  { name: "norm", shape: [8] },
];
const hidden = new Set(["w"]);

/** The learning rates at a step: of the hidden matrices, and of everything else. */
function rates(changes: Partial<TrainOptions>, step: number): number[] {
  return optimizerGroups({ ...options, ...changes }, hidden).map(({ lr }) => (typeof lr === "number" ? lr : lr(step)));
}

test.each(OPTIMIZER_NAMES)("%s has the hidden matrices, AdamW everything else", (optimizer) => {
  const got = plan(parameters, optimizerGroups({ ...options, optimizer }, hidden)).parameters;
  expect(got.map((parameter) => parameter.optimizer)).toEqual(["adamw", optimizer, "adamw"]);
});

test("state of the hidden matrix: 2mn for AdamW, r(m + n) for SUMO, mn for Muon", () => {
  const floats = (changes: Partial<TrainOptions>): number =>
    plan(parameters, optimizerGroups({ ...options, ...changes }, hidden)).parameters[1]!.stateFloats;
  expect(floats({ optimizer: "adamw" })).toBe(2 * 8 * 24);
  expect(floats({ rank: 3 })).toBe(3 * (8 + 24));
  expect(floats({ optimizer: "muon" })).toBe(8 * 24);
});

test("both learning rates rise to their peaks over the warm-up and end at the final fraction", () => {
  expect(rates({ lr: 0.01 }, 0)).toEqual([0.01 / 10, 3e-3 / 10]);
  expect(rates({ lr: 0.01 }, 10)).toEqual([0.01, 3e-3]);
  for (const schedule of ["cosine", "linear", "wsd"] as const) {
    const [own, other] = rates({ lr: 0.01, schedule }, 100);
    expect(own).toBeCloseTo(0.001, 12);
    expect(other).toBeCloseTo(3e-4, 12);
  }
  expect(rates({ lr: 0.01, schedule: "constant" }, 0)).toEqual([0.01, 3e-3]);
});

test.each(SCHEDULES)("%s: a warm-up of any length fits into a run of any length", (schedule) => {
  for (let steps = 1; steps <= 30; steps++) {
    for (let warmup = 0; warmup <= 31; warmup++) {
      const course = Array.from({ length: steps }, (_, step) => rates({ lr: 0.01, steps, warmup, schedule }, step)[0]!);
      for (const rate of course) expect(rate > 0 && rate <= 0.01).toBe(true);
    }
  }
});

test("what is outside SUMO's subspace is handled as asked", () => {
  expect(optimizerGroups({ ...options, residual: "joint" }, hidden)[0]).toMatchObject({ residual: "joint" });
  expect(optimizerGroups(options, hidden)[0]).not.toHaveProperty("residual");
});

test("weight decay is for the hidden matrices alone", () => {
  expect(optimizerGroups({ ...options, weightDecay: 0.1 }, hidden)).toMatchObject([{ weightDecay: 0.1 }, {}]);
  expect(optimizerGroups({ ...options, weightDecay: 0.1 }, hidden)[1]).not.toHaveProperty("weightDecay");
});

test("a trained model has lower default rates than a new one, for every optimizer and for all other parameters", () => {
  const { auxLr: _, ...rest } = options;
  const constantRates = (changes: Partial<TrainOptions>): number[] =>
    optimizerGroups({ ...rest, ...changes, schedule: "constant" }, hidden).map(({ lr }) => (lr as Schedule)(0));
  for (const optimizer of OPTIMIZER_NAMES) {
    const fresh = constantRates({ optimizer });
    for (const [i, rate] of constantRates({ optimizer, init: "a" }).entries())
      expect(rate).toBeLessThan(fresh[i]! / 10);
  }
  expect(constantRates({ lr: 0.5, auxLr: 0.4, init: "a" })).toEqual([0.5, 0.4]);
});
