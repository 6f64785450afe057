import { createReferenceEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../backend/linalg-backend.ts";
import { CheckpointError, NonFiniteGradientError, OptimizerOptionError } from "../errors.ts";
import { EPS32, flat, random } from "../testing/dense.ts";
import type { Group } from "./groups.ts";
import { createOptimizer } from "./optimizer.ts";
import { plan } from "./plan.ts";

const [ROWS, COLS, RANK, COUNT] = [10, 24, 3, 4];
const shapes = [{ name: "w", shape: [ROWS, COLS] }];
const create = (options: Group, microBatches: number, onNonFinite: "throw" | "skip" = "throw") => {
  const engine = createReferenceEngine({ bytes: 2 ** 22 });
  const data = flat(random(ROWS, COLS, 1));
  const parameters = [{ ...shapes[0]!, data }];
  const backend = linalgBackend(engine);
  return { engine, data, optimizer: createOptimizer(parameters, options, { backend, microBatches, onNonFinite }) };
};
const microBatch = (t: number, i: number) => flat(random(ROWS, COLS, 50 * t + i + 2));
/** The mean as float32 arithmetic gives it, in the order of arrival. */
const meanAt = (t: number, count = COUNT) => {
  const sum = microBatch(t, 0);
  for (let i = 1; i < count; i++) {
    const next = microBatch(t, i);
    for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! + next[j]!;
  }
  return sum.map((x) => x / count);
};

const OPTIMIZERS: readonly Group[] = [
  { optimizer: "sumo", lr: 0.1, rank: RANK, refresh: { every: 3 } },
  { optimizer: "sumo", lr: 0.1, rank: RANK, residual: "off", refresh: { captureBelow: 0.3 } },
  { optimizer: "adamw", lr: 0.1 },
  { optimizer: "muon", lr: 0.1 },
  { optimizer: "galore", lr: 0.1, rank: RANK },
  { optimizer: "sgd", lr: 0.1 },
];

test.each(OPTIMIZERS.map((options) => [JSON.stringify(options), options] as const))(
  "%s steps with the mean",
  (_, options) => {
    const [many, one] = [create(options, COUNT), create(options, 1)];
    for (let t = 0; t < 5; t++) {
      for (let i = 0; i < COUNT; i++) many.optimizer.stepParameter("w", microBatch(t, i));
      one.optimizer.stepParameter("w", meanAt(t));
    }
    expect(many.data).toEqual(one.data);
    expect(many.optimizer.counters.steps).toBe(5);
  },
);

describe("without a residual, micro-batches are summed in the subspace", () => {
  const options: Group = {
    optimizer: "sumo",
    lr: 0.1,
    rank: RANK,
    residual: "off",
    refresh: { every: 3, stagger: false },
  };

  test("which is exact, because projection is linear", () => {
    const [many, one] = [create(options, COUNT), create(options, 1)];
    for (let t = 0; t < 7; t++) {
      for (let i = 0; i < COUNT; i++) many.optimizer.stepParameter("w", microBatch(t, i));
      one.optimizer.stepParameter("w", meanAt(t));
    }
    // The orders of summation differ by rounding, which the polar factor and random subspaces without a gap amplify.
    const update = 0.1 * 0.2 * Math.sqrt(ROWS * COLS);
    const worst = many.data.reduce((most, x, i) => Math.max(most, Math.abs(x - one.data[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(7 * 100 * COUNT * EPS32 * update);
  });

  test("and takes r × n numbers between two refreshes, m × n around one", () => {
    const { engine, optimizer } = create(options, COUNT);
    const { stateBytes, workspaceBytes, accumulationBytes } = plan(shapes, options, { microBatches: COUNT });
    expect(accumulationBytes).toBe(4 * ROWS * COLS);
    const taken: number[] = [];
    for (let t = 0; t < 6; t++) {
      for (let i = 0; i < COUNT; i++) optimizer.stepParameter("w", microBatch(t, i));
      taken.push(engine.heap.usedBytes - stateBytes - workspaceBytes);
    }
    const [whole, small] = [4 * ROWS * COLS, Math.ceil((4 * RANK * COLS) / 64) * 64];
    expect(taken).toEqual([whole, small, small, whole, small, small]);
    optimizer.dispose();
    expect(engine.heap.usedBytes).toBe(0);
  });
});

describe("a micro-batch that is not finite", () => {
  const options = OPTIMIZERS[2]!;
  const bad = () => microBatch(0, 0).fill(Number.NaN, 3, 4);

  test("is refused with nothing changed: the step goes on without it", () => {
    const [many, one] = [create(options, 2), create(options, 1)];
    many.optimizer.stepParameter("w", microBatch(0, 0));
    expect(() => many.optimizer.stepParameter("w", bad())).toThrow(NonFiniteGradientError);
    many.optimizer.stepParameter("w", microBatch(0, 1));
    one.optimizer.stepParameter("w", meanAt(0, 2));
    expect(many.data).toEqual(one.data);
  });

  test("or skipped: the step takes the mean of the others", () => {
    const [many, one] = [create(options, 3, "skip"), create(options, 1)];
    for (const gradient of [microBatch(0, 0), bad(), microBatch(0, 1)]) many.optimizer.stepParameter("w", gradient);
    one.optimizer.stepParameter("w", meanAt(0, 2));
    expect(many.data).toEqual(one.data);
    expect(many.optimizer.counters).toMatchObject({ steps: 1, skipped: 1 });
  });

  test("and a step of nothing else is none", () => {
    const { optimizer, data } = create(options, 2, "skip");
    const before = data.slice();
    for (let i = 0; i < 2; i++) optimizer.stepParameter("w", bad());
    expect(data).toEqual(before);
    expect(optimizer.counters).toMatchObject({ steps: 0, skipped: 2 });
  });
});

test("loading drops micro-batches that wait", () => {
  const [one, other] = [create(OPTIMIZERS[0]!, 2), create(OPTIMIZERS[0]!, 2)];
  const saved = one.optimizer.save();
  one.optimizer.stepParameter("w", microBatch(9, 9));
  one.optimizer.load(saved);
  for (const { optimizer } of [one, other]) {
    for (let i = 0; i < 2; i++) optimizer.stepParameter("w", microBatch(0, i));
  }
  expect(one.data).toEqual(other.data);
});

test("a checkpoint waits for the end of a step", () => {
  const { optimizer } = create(OPTIMIZERS[0]!, 2);
  optimizer.stepParameter("w", microBatch(0, 0));
  expect(() => optimizer.save()).toThrow(CheckpointError);
  optimizer.stepParameter("w", microBatch(0, 1));
  expect(optimizer.save().length).toBeGreaterThan(0);
});

test.each([0, 1.5, Number.NaN])("microBatches %d is refused", (microBatches) => {
  expect(() => create(OPTIMIZERS[0]!, microBatches)).toThrow(OptimizerOptionError);
});
