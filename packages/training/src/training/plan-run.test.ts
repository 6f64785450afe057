import type { Collective } from "@sumo/core";
import { createWasmEngine } from "@sumo/linalg";
import { createLlama, llamaConfig } from "@sumo/llama";
import { describe, expect, test } from "vitest";
import { UsageError } from "../errors.ts";
import { OPTIMIZER_NAMES } from "../options/optimizers.ts";
import type { TrainOptions } from "../options/train-options.ts";
import { createCorpus } from "../text/corpus.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { checkAddressable, planRun, planSample } from "./plan-run.ts";
import { sampleText } from "./sample-text.ts";
import { Trainer } from "./trainer.ts";

const model = llamaConfig({ dim: 32, layers: 2, heads: 2, context: 16 });
const options = {
  ...{ optimizer: "sumo", auxLr: 3e-3, beta2: 0.99, weightDecay: 0, schedule: "cosine", warmup: 2, finalLr: 0.1 },
  ...{ context: 16, steps: 8, batch: 2, accumulate: 1, seed: 0 },
} as TrainOptions;
const corpus = createCorpus(new TextEncoder().encode("a whale ".repeat(80)), createTokenizer([]), 16);

/** A trainer on an engine of its own, with what it allocates when it is made, and the most of three steps, in bytes. */
function allocations(changes: Partial<TrainOptions>): { made: number; peak: number } {
  const engine = createWasmEngine({ bytes: 2 ** 26 });
  const trainer = new Trainer(model, { ...options, ...changes }, corpus, { engine });
  const made = engine.heap.usedBytes;
  for (let i = 0; i < 3; i++) trainer.trainStep();
  const peak = engine.heap.peakBytes;
  trainer.dispose();
  return { made, peak };
}

describe.each(OPTIMIZER_NAMES)("%s", (optimizer) => {
  test.each([{}, { accumulate: 3 }, { recompute: true as const }])(
    "the plan holds what a run allocates: %o",
    (changes) => {
      const plan = planRun(model, { ...options, optimizer, ...changes }, { reserveBytes: 0 });
      const { made, peak } = allocations({ optimizer, ...changes });
      expect(made).toBe(plan.heapBytes - plan.accumulationBytes - plan.sampleBytes);
      const scratch = 2 ** 20; // the engine's packed operands
      expect(peak).toBeLessThanOrEqual(plan.heapBytes + scratch);
    },
  );
});

test.each([
  {},
  { optimizer: "adamw", rank: 3, alpha: 5 },
  { accumulate: 3, targets: ["q_proj", "down_proj"] },
] satisfies Partial<TrainOptions>[])("the plan holds what LoRA allocates: %o", (changes) => {
  const lora = { method: "lora", init: "base", ...changes } as const;
  const plan = planRun(model, { ...options, ...lora }, { reserveBytes: 0 });
  const { made, peak } = allocations(lora);
  expect(made).toBe(plan.heapBytes - plan.accumulationBytes - plan.sampleBytes);
  expect(peak).toBeLessThanOrEqual(plan.heapBytes + 2 ** 20);
  expect(plan.hiddenMatrices).toBe(lora.targets === undefined ? 14 : 4);
});

test.each(OPTIMIZER_NAMES)(
  "a state that two ranks divide is planned as the rank with most allocates it: %s",
  (optimizer) => {
    const asked = { ...options, optimizer, accumulate: 2 };
    const plan = planRun(model, asked, { reserveBytes: 0, shards: 2 });
    const made = [0, 1].map((rank) => {
      const engine = createWasmEngine({ bytes: 2 ** 26 });
      const collective = { rank, size: 2, allReduce() {} } as unknown as Collective; // no step is made
      new Trainer(model, asked, corpus, { engine, collective, shardState: true });
      return engine.heap.usedBytes;
    });
    expect(Math.max(...made)).toBe(plan.heapBytes - plan.accumulationBytes - plan.sampleBytes);
    expect(plan.shardBytes).toBeLessThan(plan.stateBytes);
  },
);

test("a state of LoRA's factors is not divided", () => {
  const collective = { rank: 0, size: 1, allReduce() {} } as unknown as Collective;
  const lora = { ...options, method: "lora", init: "base" } as const;
  expect(() => new Trainer(model, lora, corpus, { collective, shardState: true })).toThrow(UsageError);
});

test.each(["sumo", "adamw"] as const)(
  "the state of %s in 8 bits is planned, and takes little more than a quarter, AdamW's for embeddings too",
  (optimizer) => {
    const [whole, packed] = [32, 8].map((stateBits) =>
      planRun(model, { ...options, optimizer, stateBits: stateBits as 8 | 32 }, { reserveBytes: 0 }),
    );
    expect(packed!.hiddenStateBytes / whole!.hiddenStateBytes).toBeLessThan(0.3);
    expect(packed!.stateBytes / whole!.stateBytes).toBeLessThan(0.3);
    expect(allocations({ optimizer, stateBits: 8 }).made).toBe(packed!.heapBytes - packed!.sampleBytes);
  },
);

test("a run of a model with a long context has room for its sample, whatever its length", () => {
  const long = { ...model, context: 2 ** 17 };
  const engine = createWasmEngine({ bytes: planRun(long, options, { reserveBytes: 2 ** 20 }).heapBytes });
  const trainer = new Trainer(long, options, corpus, { engine });
  trainer.trainStep();
  const choice = { prompt: "a", length: 1000, temperature: 0 };
  const sample = sampleText(trainer.model, createTokenizer([]), choice, 0, options.context);
  expect([...sample].join("").length).toBeGreaterThan(0);
});

test("a model that only samples fits into its plan", () => {
  const long = { ...model, context: 2 ** 17 };
  const engine = createWasmEngine({ bytes: planSample(long, 300) });
  const choice = { prompt: "a", length: 299, temperature: 0 };
  expect([...sampleText(createLlama(long, { engine }), createTokenizer([]), choice, 0)].length).toBeGreaterThan(0);
  expect(() => planSample({ ...model, layers: 1e6 }, 300)).toThrow(UsageError);
});

test("the state of all parameters holds that of the hidden matrices, which are seven a layer", () => {
  const plan = planRun(model, options);
  expect(plan.hiddenMatrices).toBe(7 * model.layers);
  expect(plan.hiddenStateBytes).toBeLessThan(plan.stateBytes);
  const { hiddenStateBytes } = planRun(model, { ...options, optimizer: "muon", momentum: 0 });
  expect(hiddenStateBytes).toBe(0); // no state without momentum
});

test("a run beyond 32-bit addresses is refused", () => {
  const plan = planRun(model, options);
  expect(() => checkAddressable({ ...plan, heapBytes: 2 ** 32 })).not.toThrow();
  expect(() => checkAddressable({ ...plan, heapBytes: 2 ** 32 + 1 })).toThrow(UsageError);
});
