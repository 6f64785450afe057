import { type Device, defaultDevice, init, numpy as np } from "@jax-js/jax";
import { createOptimizer, type Group } from "@sumo/core";
import { fillNormal } from "@sumo/linalg";
import { beforeAll, describe, expect, test } from "vitest";
import { applyUpdates, transformation } from "../src/index.ts";

/** Unit roundoff of float32. */
const EPS32 = 2 ** -24;
export const ROWS = 12;
export const COLS = 20;

export const OPTIMIZERS: readonly (readonly [name: string, options: Group])[] = [
  ["SUMO", { optimizer: "sumo", lr: 0.01, rank: 4, refresh: { every: 3 } }],
  ["Muon", { optimizer: "muon", lr: 0.01 }],
  ["GaLore", { optimizer: "galore", lr: 0.01, rank: 4, refresh: { every: 3 } }],
  ["AdamW", { optimizer: "adamw", lr: 0.01, weightDecay: 0.1 }],
];

/** Standard normal numbers. */
export function normal(size: number, stream: number): Float32Array {
  const out = new Float32Array(size);
  fillNormal(out, [1, stream, 0]);
  return out;
}

/** A matrix of standard normal numbers. */
export const matrix = (stream: number): np.Array => np.array(normal(ROWS * COLS, stream), { shape: [ROWS, COLS] });
export const dataOf = (array: np.Array): Float32Array => array.dataSync() as Float32Array;

/** Makes `device` the default one, for the tests around. */
export function useDevice(device: Device): void {
  beforeAll(async () => {
    await init(device);
    defaultDevice(device);
  });
}

/** One weight that is pulled towards a target, by core on linalg and on these devices: both have the same losses. */
export function testTraining(devices: readonly Device[], optimizers = OPTIMIZERS, steps = 10): void {
  describe.each(devices)("on %s", (device) => {
    useDevice(device);

    test.each(optimizers)("%s trains as core does on linalg", (_, options) => {
      const target = normal(ROWS * COLS, 2);
      const data = normal(ROWS * COLS, 1);
      const isScaled = options.optimizer === "sumo" || options.optimizer === "muon";
      const own = { ...(isScaled && { scale: "adam" }), ...options, layout: "in-out" } as Group;
      const reference = createOptimizer([{ name: "params", shape: [ROWS, COLS], data }], own);
      const solver = transformation(options);
      let params: np.Array = matrix(1);
      let state = solver.init(params.ref);
      for (let t = 0; t < steps; t++) {
        reference.stepParameter(
          "params",
          data.map((w, i) => w - target[i]!),
        );
        const [updates, next] = solver.update(params.ref.sub(matrix(2)), state, params.ref);
        params = applyUpdates(params, updates);
        state = next;
        const distance = Math.hypot(...dataOf(params.ref).map((w, i) => w - data[i]!));
        // Sums of at most max(m, n) products round like that many times; a step feeds its error to the next.
        expect(distance).toBeLessThanOrEqual(8 * (t + 1) * Math.max(ROWS, COLS) * EPS32 * Math.hypot(...data));
      }
      expect(state.report().parameters.map(({ optimizer, step }) => [optimizer, step])).toEqual([
        [options.optimizer, steps],
      ]);
      expect(params.refCount).toBe(1);
    });
  });
}
