import { CheckpointError, NonFiniteGradientError } from "@sumo/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdamWOptimizer, type CoreOptimizer, MuonOptimizer, type SumoConfig, SumoOptimizer } from "../src/index.ts";
import { NODE_BACKENDS, useBackend } from "./backend.ts";
import { classifier, labelledPoints, valuesOf } from "./classifier.ts";

const EPS32 = 2 ** -24;
const STEPS = 4;
const BATCHES = 4;

afterEach(() => tf.disposeVariables());

/** Gradients of the mean loss over the rows from `begin`, by the names of the variables. */
function gradientsOver(model: tf.LayersModel, begin: number, rows: number): Record<string, tf.Tensor> {
  return tf.tidy(() => {
    const { x, y } = labelledPoints(64);
    const [xs, ys] = [tf.slice(x, [begin, 0], [rows, 8]), tf.slice(y, [begin, 0], [rows, 3])];
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const loss = () => tf.losses.softmaxCrossEntropy(ys, model.apply(xs) as tf.Tensor2D) as tf.Scalar;
    return tf.variableGrads(loss, variables).grads;
  });
}

const OPTIMIZERS: Record<string, (options: Omit<SumoConfig, "lr">) => CoreOptimizer> = {
  SUMO: (options) => new SumoOptimizer({ lr: 0.02, rank: 4, refresh: { every: 2 }, ...options }),
  "SUMO without a residual": (options) => new SumoOptimizer({ lr: 0.02, rank: 4, residual: "off", ...options }),
  Muon: (options) => new MuonOptimizer({ lr: 0.02, ...options }),
  AdamW: (options) => new AdamWOptimizer({ lr: 0.02, ...options }),
};

/** The gradients of the first step have the joint norm 0.8, and later ones less. */
const LIMITS = { "a limit that holds": 0.1, "a limit above all norms": 100 };

describe.each(NODE_BACKENDS)("micro-batches on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  const methods = ["applyGradients", "applyGradientsAsync"] as const;
  const cases = Object.entries(OPTIMIZERS).flatMap(([name, create]) =>
    Object.entries(LIMITS).flatMap(([limit, clip]) => methods.map((method) => [name, limit, method, create, clip])),
  ) as [string, string, (typeof methods)[number], (typeof OPTIMIZERS)[string], number][];

  test.each(cases)("%s, %s, by %s: train as one whole batch, and leak nothing", async (_, __, method, create, clip) => {
    const [split, whole] = [classifier(), classifier()];
    const optimizer = create({ clip, microBatches: BATCHES });
    const atOnce = create({ clip });
    let tensors = 0;
    for (let t = 0; t < STEPS; t++) {
      for (let i = 0; i < BATCHES; i++) {
        const before = valuesOf(split);
        const gradients = gradientsOver(split, (i * 64) / BATCHES, 64 / BATCHES);
        await optimizer[method](gradients);
        tf.dispose(gradients);
        if (i < BATCHES - 1) expect(valuesOf(split)).toEqual(before);
      }
      const gradients = gradientsOver(whole, 0, 64);
      atOnce.applyGradients(gradients);
      tf.dispose(gradients);
      if (t === 1) tensors = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(tensors);
    const wanted = valuesOf(whole);
    for (const [i, values] of valuesOf(split).entries()) {
      values.forEach((value, j) => {
        // Sums of 64 terms in another order, through four steps that square the condition of what they orthogonalize.
        expect(Math.abs(value - wanted[i]![j]!)).toBeLessThan(STEPS * 64 * 64 * EPS32);
      });
    }
    expect(optimizer.report().parameters.map(({ step }) => step)).toEqual(Array(6).fill(STEPS));
  });

  test("are limited by what is finite among them, where the rest is skipped", async () => {
    const a = tf.variable(tf.zeros([3]), true, "a");
    const alarms: string[] = [];
    const optimizer = new AdamWOptimizer({ lr: 0.1, onNonFinite: "skip", microBatches: 2, clip: 1 });
    optimizer.on("alarm", ({ kind }) => alarms.push(kind));
    for (const value of [1, Number.NaN, Infinity, Number.NaN]) {
      await optimizer.applyGradientsAsync({ a: tf.fill([3], value) });
    }
    a.dataSync().forEach((value) => {
      expect(Math.abs(value + 0.1)).toBeLessThan(1e-6);
    });
    expect(alarms).toEqual(["non-finite", "non-finite", "non-finite"]);
    expect(optimizer.report().counters).toMatchObject({ steps: 1, skipped: 3 });
  });

  test("whose sum is beyond float32 change no variable", () => {
    const [a, b] = ["a", "b"].map((name) => tf.variable(tf.zeros([3]), true, name));
    const optimizer = new AdamWOptimizer({ lr: 0.1, microBatches: 2 });
    optimizer.applyGradients({ a: tf.ones([3]), b: tf.fill([3], 3e38) });
    expect(() => optimizer.applyGradients({ a: tf.ones([3]), b: tf.fill([3], 3e38) })).toThrow(NonFiniteGradientError);
    expect([...a!.dataSync(), ...b!.dataSync()]).toEqual(Array(6).fill(0));
  });

  test("are refused a save in the middle of a step, and forgotten by a load and by a variable's end", async () => {
    const variable = (name: string) => tf.variable(tf.zeros([3]), true, name);
    const a = variable("a");
    const optimizer = new AdamWOptimizer({ lr: 0.1, microBatches: 2, clip: 1 });
    const step = (of: Record<string, number>) =>
      optimizer.applyGradients(Object.fromEntries(Object.entries(of).map(([name, x]) => [name, tf.fill([3], x)])));
    step({ a: 1 });
    step({ a: 1 });
    const weights = (await optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
    const moved = a.dataSync().slice();
    step({ a: -1 });
    await expect(optimizer.getWeights()).rejects.toThrow(CheckpointError);
    await expect(optimizer.getWeights()).rejects.toThrow(/variable "a" waits for micro-batches/);
    await optimizer.setWeights(weights);
    step({ a: -1 });
    expect(a.dataSync()).toEqual(moved);

    variable("b");
    step({ b: 1 });
    tf.dispose(tf.engine().registeredVariables["b"]!);
    const again = variable("b");
    step({ b: 1 });
    expect(again.dataSync()[0]).toBe(0);
    step({ b: 1 });
    expect(again.dataSync()[0]).toBeLessThan(0);
  });
});

test("the plan and the report have the bytes of the sums", () => {
  tf.variable(tf.zeros([4, 5]), true, "w");
  const optimizer = new SumoOptimizer({ lr: 0.1, rank: 2, microBatches: 2, clip: 1 });
  expect(optimizer.plan([{ name: "w", shape: [4, 5] }]).accumulationBytes).toBe(4 * 20);
  optimizer.applyGradients({ w: tf.ones([4, 5]) });
  expect(optimizer.report().accumulationBytes).toBe(4 * 20);
});
