import { createWasmEngine } from "@sumo/linalg";
import { llamaConfig, storeWeights } from "@sumo/llama";
import { expect, test } from "vitest";
import type { TrainOptions } from "../options/train-options.ts";
import { checkpointBytes, checkpointFiles } from "../run-files/checkpoint.ts";
import { createCorpus } from "../text/corpus.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { planRun } from "./plan-run.ts";
import { Trainer } from "./trainer.ts";

const SHAPE = { dim: 32, layers: 2, heads: 2, context: 16 };
const CONFIG = llamaConfig(SHAPE);
const OPTIONS = {
  ...{ optimizer: "sumo", beta2: 0.99, weightDecay: 0, schedule: "constant", warmup: 0, finalLr: 1 },
  ...{ context: 16, steps: 100, batch: 4, accumulate: 1, seed: 0 },
} as TrainOptions;
const corpus = createCorpus(
  new TextEncoder().encode("a whale, a ship and the sea. ".repeat(80)),
  createTokenizer([]),
  16,
);
const create = (changes: Partial<TrainOptions> = {}, start: object = {}): Trainer =>
  new Trainer(CONFIG, { ...OPTIONS, ...changes }, corpus, start);

test("small steps are learned from in bfloat16 as in float32, and lost where they are rounded to nearest", () => {
  const RATES = { lr: 3e-5, auxLr: 3e-5, optimizer: "adamw" } as const;
  const STEPS = 100;
  const fallOf = (weights: "f32" | "bf16", afterStep: (trainer: Trainer) => void = () => {}): number => {
    const trainer = create({ ...RATES, weights });
    const before = trainer.evaluate(256).loss;
    for (let i = 0; i < STEPS; i++) {
      trainer.trainStep();
      afterStep(trainer);
    }
    const after = trainer.evaluate(256).loss;
    trainer.dispose();
    return before - after;
  };
  const inSingle = fallOf("f32");
  expect(inSingle).toBeGreaterThan(0.05);
  expect(Math.abs(fallOf("bf16") / inSingle - 1)).toBeLessThan(0.1);
  const bits = new Uint16Array(2 ** 16);
  const toNearest = fallOf("f32", ({ model }) => {
    for (const { data, kind } of model.parameters) {
      if (kind === "norm") continue;
      const stored = bits.subarray(0, data.length);
      storeWeights(stored, data as Float32Array);
      for (let i = 0; i < data.length; i++)
        new Uint32Array(data.buffer, data.byteOffset, data.length)[i] = stored[i]! << 16;
    }
  });
  expect(toNearest).toBeLessThan(0.6 * inSingle);
});

test("a checkpoint goes on with the same bits, whatever the number of passes in a step", () => {
  for (const accumulate of [1, 3]) {
    const options = { weights: "bf16", accumulate, stateBits: 8 } as const;
    const [one, other] = [create(options), create(options)];
    for (const trainer of [one, other]) for (let i = 0; i < 3; i++) trainer.trainStep();
    const saved = checkpointBytes(one.save());
    expect(checkpointBytes(other.save())).toEqual(saved);
    const resumed = create(options, { checkpoint: checkpointFiles(saved) });
    expect([resumed.trainStep(), resumed.trainStep()]).toEqual([one.trainStep(), one.trainStep()]);
    expect(checkpointBytes(resumed.save())).toEqual(checkpointBytes(one.save()));
  }
});

test("the plan holds what a run allocates, and weights take half the memory", () => {
  for (const changes of [
    {},
    { accumulate: 3 },
    { optimizer: "muon", train: "hidden" },
  ] satisfies Partial<TrainOptions>[]) {
    const options = { ...OPTIONS, ...changes, weights: "bf16" } as const;
    const engine = createWasmEngine({ bytes: 2 ** 26 });
    const trainer = create(options, { engine });
    const plan = planRun(CONFIG, options, { reserveBytes: 0 });
    expect(engine.heap.usedBytes).toBe(plan.heapBytes - plan.accumulationBytes - plan.sampleBytes);
    for (let i = 0; i < 3; i++) trainer.trainStep();
    expect(engine.heap.peakBytes).toBeLessThanOrEqual(plan.heapBytes + 2 ** 20);
    trainer.dispose();
    expect(engine.heap.usedBytes).toBeLessThan(2 ** 20);
    expect(plan.weightBytes / planRun(CONFIG, OPTIONS).weightBytes).toBeLessThan(0.52);
  }
});
