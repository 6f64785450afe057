import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdamWOptimizer, type CoreOptimizer, GaLoreOptimizer, MuonOptimizer, SumoOptimizer } from "../src/index.ts";
import { NODE_BACKENDS, useBackend } from "./backend.ts";
import { classifier, labelledPoints, saved, valuesOf } from "./classifier.ts";

const OPTIMIZERS: Record<string, () => CoreOptimizer> = {
  "SUMO, exact": () => new SumoOptimizer({ lr: 0.02, rank: 4, refresh: { every: 3 } }),
  "SUMO, on the device": () => new SumoOptimizer({ lr: 0.02, rank: 4, orthogonalize: "device" }),
  "SUMO, NS5": () => new SumoOptimizer({ lr: 0.02, rank: 4, orthogonalize: "muon", weightDecay: 0.1, cautious: true }),
  Muon: () => new MuonOptimizer({ lr: 0.02 }),
  GaLore: () => new GaLoreOptimizer({ lr: 0.05, rank: 4, refresh: { every: 3 } }),
  AdamW: () => new AdamWOptimizer({ lr: 0.01, weightDecay: 0.01 }),
};
const cases = Object.entries(OPTIMIZERS);
const quiet = { batchSize: 16, verbose: 0, shuffle: false } as const;

afterEach(() => tf.disposeVariables());

describe.each(NODE_BACKENDS)("on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(cases)("%s learns in compile and fit", async (_, create) => {
    const model = classifier();
    const { x, y } = labelledPoints();
    model.compile({ optimizer: create(), loss: "categoricalCrossentropy" });
    const { history } = await model.fit(x, y, { ...quiet, epochs: 15 });
    expect(history["loss"]!.at(-1)).toBeLessThan(0.5 * (history["loss"]![0] as number));
    // Prediction fuses operations that training does not.
    const missed = tf.sub(tf.argMax(model.predict(x) as tf.Tensor, 1), tf.argMax(y, 1));
    expect(tf.sum(tf.abs(tf.sign(missed))).dataSync()[0]).toBeLessThan(0.3 * x.shape[0]);
  });

  test.each(cases)("%s goes on bit for bit after save and load", async (_, create) => {
    const model = classifier();
    const { x, y } = labelledPoints();
    model.compile({ optimizer: create(), loss: "categoricalCrossentropy" });
    await model.fit(x, y, { ...quiet, epochs: 2 });
    const copy = await tf.loadLayersModel(tf.io.fromMemory(await saved(model)));
    await model.fit(x, y, { ...quiet, epochs: 2 });
    await copy.fit(x, y, { ...quiet, epochs: 2 });
    expect(valuesOf(copy)).toEqual(valuesOf(model));
    expect((copy.optimizer as CoreOptimizer).iterations).toBe(16);
  });

  test.each(cases)("%s leaks no tensor in fit, trainOnBatch and minimize", async (_, create) => {
    const model = classifier();
    const { x, y } = labelledPoints(16);
    const optimizer = create();
    model.compile({ optimizer, loss: "categoricalCrossentropy" });
    const own = () => tf.losses.softmaxCrossEntropy(y, model.apply(x) as tf.Tensor2D) as tf.Scalar;
    const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const rounds = async (steps: number) => {
      await model.fit(x, y, { ...quiet, epochs: steps });
      for (let i = 0; i < steps; i++) await model.trainOnBatch(x, y);
      for (let i = 0; i < steps; i++) optimizer.minimize(own, false, variables);
    };
    await rounds(2);
    const { numTensors, numBytes } = tf.memory();
    await rounds(67);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    await optimizer.getWeights();
    await optimizer.getWeights();
    optimizer.dispose();
    expect(() => optimizer.applyGradients({})).toThrow("disposed");
  });

  test.each(cases)("%s gives back all it took", async (_, create) => {
    const before = tf.memory().numTensors;
    const w = tf.variable(tf.zeros([6, 5]));
    const optimizer = create();
    for (let i = 0; i < 4; i++)
      tf.tidy(() => optimizer.applyGradients([{ name: w.name, tensor: tf.randomNormal([6, 5]) }]));
    await optimizer.getWeights();
    optimizer.dispose();
    w.dispose();
    // tf.zeros above is the caller's.
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  test.each(cases)("%s takes gradients as a map and as a list, and skips missing ones", (_, create) => {
    const weights = () => [tf.variable(tf.ones([6, 5])), tf.variable(tf.ones([5])), tf.variable(tf.ones([5, 4]))];
    const [listed, mapped] = [weights(), weights()];
    const [a, b] = [create(), create()];
    for (let t = 0; t < 3; t++) {
      tf.tidy(() => {
        const gradients = listed.map((w, i) => tf.randomNormal(w.shape, 0, 1, "float32", 10 * t + i));
        const kept = (i: number) => (t === 0 && i === 2 ? null : gradients[i]!) as tf.Tensor;
        a.applyGradients(listed.map((w, i) => ({ name: w.name, tensor: kept(i) })));
        b.applyGradients(Object.fromEntries(mapped.map((w, i) => [w.name, kept(i)])));
      });
    }
    expect(a.iterations).toBe(3);
    expect(mapped.map((w) => w.dataSync())).toEqual(listed.map((w) => w.dataSync()));
    expect(a.report().parameters.map(({ step }) => step)).toEqual([3, 3, 2]);
  });
});
