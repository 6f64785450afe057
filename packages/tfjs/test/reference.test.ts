import { createOptimizer, type OptimizerOptions, type Parameter } from "@sumo/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdamWOptimizer, type CoreOptimizer, GaLoreOptimizer, MuonOptimizer, SumoOptimizer } from "../src/index.ts";
import { NODE_BACKENDS, useBackend } from "./backend.ts";

/** Unit roundoff of float32. */
const EPS32 = 2 ** -24;
const STEPS = 12;
const ROWS = 24;
const COLS = 10;

/** One weight by core on linalg, and by the same options on tfjs. A pull towards a target gives both their own gradients. */
const rivals: Record<string, [OptimizerOptions, CoreOptimizer]> = (() => {
  const hidden = /./;
  const sumo = { lr: 0.01, rank: 4, refresh: { every: 5, stagger: false } } as const;
  const galore = { lr: 0.01, rank: 4, refresh: { every: 5 } } as const;
  const adamw = { lr: 0.01, weightDecay: 0.1 } as const;
  return {
    SUMO: [{ optimizer: "sumo", scale: "adam", ...sumo }, new SumoOptimizer({ ...sumo, hidden })],
    "SUMO as in the paper": [
      { optimizer: "sumo", preset: "paper", ...sumo },
      new SumoOptimizer({ preset: "paper", ...sumo, hidden }),
    ],
    Muon: [{ optimizer: "muon", scale: "adam", lr: 0.01 }, new MuonOptimizer({ lr: 0.01, hidden })],
    GaLore: [{ optimizer: "galore", ...galore }, new GaLoreOptimizer({ ...galore, hidden })],
    AdamW: [{ optimizer: "adamw", ...adamw }, new AdamWOptimizer(adamw)],
  };
})();

const normal = (seed: number): Float32Array =>
  tf.tidy(() => tf.randomNormal([ROWS, COLS], 0, 1, "float32", seed).dataSync<"float32">().slice());

afterEach(() => tf.disposeVariables());

describe.each(NODE_BACKENDS)("on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(Object.entries(rivals))("%s trains as core does on linalg", (_, [options, ofTfjs]) => {
    const [start, target] = [normal(1), normal(2)];
    const data = start.slice();
    // Random numbers are named by the parameter: on tfjs by its position.
    const parameter: Parameter<Float32Array> = { name: String(positionOf(ofTfjs)), shape: [ROWS, COLS], data };
    const ofCore = createOptimizer([parameter], { ...options, layout: "in-out" });
    const variable = tf.variable(tf.tensor2d(start, [ROWS, COLS]));
    for (let t = 0; t < STEPS; t++) {
      ofCore.stepParameter(
        parameter.name,
        data.map((w, i) => w - target[i]!),
      );
      tf.tidy(() => {
        const gradient = tf.sub(variable, tf.tensor2d(target, [ROWS, COLS]));
        ofTfjs.applyGradients([{ name: variable.name, tensor: gradient }]);
      });
      const distance = Math.hypot(...variable.dataSync().map((w, i) => w - data[i]!));
      // Sums of at most max(m, n) products round like that many times; a step feeds its error to the next.
      expect(distance).toBeLessThanOrEqual(8 * (t + 1) * Math.max(ROWS, COLS) * EPS32 * Math.hypot(...data));
    }
  });
});

const positionOf = (optimizer: CoreOptimizer): number => optimizer.report().parameters.length;

describe("applyGradientsAsync", () => {
  beforeAll(() => useBackend("cpu"));

  const optimizers: Record<string, () => CoreOptimizer> = {
    SUMO: () => new SumoOptimizer({ lr: 0.01, rank: 3, refresh: { every: 2 } }),
    "SUMO of adaptive rank": () =>
      new SumoOptimizer({ lr: 0.01, rank: { energy: 0.6, max: 6 }, refresh: { every: 2 } }),
    Muon: () => new MuonOptimizer({ lr: 0.01, orthogonalize: "exact" }),
    GaLore: () => new GaLoreOptimizer({ lr: 0.01, rank: 3, refresh: { every: 2 } }),
    AdamW: () => new AdamWOptimizer({ lr: 0.01 }),
  };

  test.each(Object.entries(optimizers))("%s gives the bits of applyGradients, and leaks nothing", async (_, create) => {
    const weights = () => [tf.variable(tf.ones([ROWS, COLS])), tf.variable(tf.ones([COLS]))];
    const [a, b] = [create(), create()];
    const [ofA, ofB] = [weights(), weights()];
    let tensors = 0;
    for (let t = 0; t < 6; t++) {
      const gradients = ofA.map((w, i) => tf.randomNormal(w.shape, 0, 1, "float32", 10 * t + i));
      a.applyGradients(Object.fromEntries(ofA.map((w, i) => [w.name, gradients[i]!])));
      await b.applyGradientsAsync(Object.fromEntries(ofB.map((w, i) => [w.name, gradients[i]!])));
      tf.dispose(gradients);
      if (t === 2) tensors = tf.memory().numTensors;
    }
    expect(ofB.map((w) => w.dataSync())).toEqual(ofA.map((w) => w.dataSync()));
    expect(b.report().counters).toEqual(a.report().counters);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test("a refused gradient changes nothing", async () => {
    const w = tf.variable(tf.ones([ROWS, COLS]));
    const optimizer = new SumoOptimizer({ lr: 0.01, rank: 3 });
    const bad = tf.fill([ROWS, COLS], Number.NaN);
    await expect(optimizer.applyGradientsAsync({ [w.name]: bad })).rejects.toThrow(`"${w.name}" at step 0 holds NaN`);
    expect(w.dataSync()).toEqual(new Float32Array(ROWS * COLS).fill(1));
    expect(optimizer.iterations).toBe(0);
  });
});
