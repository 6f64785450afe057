import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { type CoreOptimizer, SumoOptimizer } from "../src/index.ts";
import { classifier, labelledPoints, saved, valuesOf } from "./classifier.ts";

/** Unit roundoff of float32. */
const EPS32 = 2 ** -24;
const OPTIMIZERS: Record<string, () => CoreOptimizer> = {
  "SUMO, exact": () => new SumoOptimizer({ lr: 0.02, rank: 4, orthogonalize: "exact" }),
  "SUMO, on the device": () => new SumoOptimizer({ lr: 0.02, rank: 4 }),
};

const quiet = { verbose: 0, shuffle: false } as const;

afterEach(() => tf.disposeVariables());

interface Fit {
  readonly epochs: number;
  readonly batchSize: number;
}

const train = async (create: () => CoreOptimizer, fit: Fit) => {
  const model = classifier();
  const { x, y } = labelledPoints();
  model.compile({ optimizer: create(), loss: "categoricalCrossentropy" });
  const { history } = await model.fit(x, y, { ...quiet, ...fit });
  return { model, x, y, losses: history["loss"] as number[] };
};

// Every number that fit reads from WebGPU costs a tenth of a second here, so there are few steps.
describe.each([
  ["webgl", { epochs: 3, batchSize: 16 }],
  ["webgpu", { epochs: 3, batchSize: 64 }],
] as const)("on %s", (backend, fit) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await tf.ready();
  });

  test.each(Object.entries(OPTIMIZERS))(
    "%s gives the losses of the cpu backend in compile and fit",
    async (_, create) => {
      const { losses } = await train(create, fit);
      await tf.setBackend("cpu");
      const want = await train(create, fit);
      await tf.setBackend(backend);
      // At most twelve steps; each feeds its rounding, of sums over at most 16 terms, to the next.
      const drift = 12 * 16 * 16 * EPS32;
      losses.forEach((loss, i) => {
        expect(Math.abs(loss - want.losses[i]!)).toBeLessThan(drift * want.losses[0]!);
      });
      expect(losses.at(-1)).toBeLessThan(0.97 * losses[0]!);
    },
  );

  test("the state moves along when tfjs's backend is changed", async () => {
    const [moving, staying] = [OPTIMIZERS["SUMO, exact"]!(), OPTIMIZERS["SUMO, exact"]!()];
    const [ofMoving, ofStaying] = [tf.variable(tf.ones([6, 5]), true, "a"), tf.variable(tf.ones([6, 5]), true, "b")];
    const seen: number[] = [];
    moving.on("step", ({ step }) => seen.push(step));
    for (const [t, place] of [backend, "cpu", "cpu", backend, "cpu"].entries()) {
      const gradient = () => tf.randomNormal([6, 5], 0, 1, "float32", t + 1);
      await tf.setBackend(place);
      await moving.applyGradientsAsync({ a: gradient() });
      await tf.setBackend("cpu");
      staying.applyGradients({ b: gradient() });
    }
    const [a, b] = [ofMoving.dataSync(), ofStaying.dataSync()];
    a.forEach((x, i) => {
      expect(Math.abs(x - b[i]!)).toBeLessThan(5 * 6 * 16 * EPS32);
    });
    expect(seen.filter((step, i) => step !== seen[i - 1])).toEqual([0, 1, 2, 3, 4]);
    await tf.setBackend(backend);
  });

  test("fit goes on after save and load, and leaks nothing", async () => {
    const { model, x, y } = await train(OPTIMIZERS["SUMO, on the device"]!, { ...fit, epochs: 1 });
    const copy = await tf.loadLayersModel(tf.io.fromMemory(await saved(model)));
    await model.fit(x, y, { ...quiet, ...fit, epochs: 1 });
    await copy.fit(x, y, { ...quiet, ...fit, epochs: 1 });
    expect(valuesOf(copy)).toEqual(valuesOf(model));
    const { numTensors } = tf.memory();
    await model.fit(x, y, { ...quiet, ...fit, epochs: 1 });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test("a loop of one's own does not block", async () => {
    const { x, y } = labelledPoints(16);
    const [ofSync, ofAsync] = [classifier(), classifier()];
    const [sync, waiting] = [OPTIMIZERS["SUMO, exact"]!(), OPTIMIZERS["SUMO, exact"]!()];
    const gradientsOf = (model: tf.LayersModel) => {
      const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const loss = () => tf.losses.softmaxCrossEntropy(y, model.apply(x) as tf.Tensor2D) as tf.Scalar;
      const { value, grads } = tf.variableGrads(loss, variables);
      value.dispose();
      return variables.map(({ name }) => ({ name, tensor: grads[name]! }));
    };
    for (let t = 0; t < 2; t++) {
      const [a, b] = [gradientsOf(ofSync), gradientsOf(ofAsync)];
      sync.applyGradients(a);
      await waiting.applyGradientsAsync(b);
      tf.dispose([a, b].flatMap((list) => list.map(({ tensor }) => tensor)));
    }
    expect(valuesOf(ofAsync)).toEqual(valuesOf(ofSync));
  });

  test("micro-batches are limited as one whole batch, and those with NaN are skipped; nothing leaks", async () => {
    const options = { lr: 0.02, rank: 2, clip: 0.5, onNonFinite: "skip" } as const;
    const [split, atOnce] = [new SumoOptimizer({ ...options, microBatches: 3 }), new SumoOptimizer(options)];
    const [a, b] = ["a", "b"].map((name) => tf.variable(tf.ones([6, 5]), true, name));
    const normal = (seed: number) => tf.randomNormal([6, 5], 0, 1, "float32", seed);
    let tensors = 0;
    for (let t = 0; t < 3; t++) {
      const parts = [normal(2 * t + 1), tf.fill([6, 5], Number.NaN), normal(2 * t + 2)];
      for (const part of parts) await split.applyGradientsAsync({ a: part });
      const mean = tf.tidy(() => tf.mul(tf.add(parts[0]!, parts[2]!), 0.5));
      await atOnce.applyGradientsAsync({ b: mean });
      tf.dispose([parts, mean]);
      if (t === 0) tensors = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(tensors);
    const [values, wanted] = [await a!.data(), await b!.data()];
    values.forEach((value, i) => {
      expect(Math.abs(value - wanted[i]!)).toBeLessThan(3 * 6 * 16 * EPS32);
    });
    expect(split.report().counters).toMatchObject({ steps: 3, skipped: 3 });
  });
});
