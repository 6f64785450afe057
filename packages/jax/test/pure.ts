import { type Device, jit, numpy as np } from "@jax-js/jax";
import { createOptimizer, type Group } from "@sumo/core";
import { describe, expect, test } from "vitest";
import { applyUpdates, type PureGroup, type PureState, pureTransformation } from "../src/index.ts";
import { COLS, dataOf, matrix, normal, ROWS, useDevice } from "./training.ts";

/** Unit roundoff of float32. */
const EPS32 = 2 ** -24;

const OPTIONS: readonly PureGroup[] = [
  { optimizer: "sumo", lr: 0.01, rank: 4 },
  { optimizer: "sumo", lr: 0.01, rank: 4, side: "long", nesterov: false },
  { optimizer: "sumo", lr: 0.01, rank: 4, residual: "off", growthLimit: "off" },
  { optimizer: "sumo", lr: 0.01, rank: 4, residual: { scale: 0.1 }, weightDecay: 0.1, orthogonalize: "muon" },
  { optimizer: "adamw", lr: 0.01, weightDecay: 0.1 },
];

/** Options of core that give the pure update's steps. */
const HOST = {
  scale: "adam",
  orthogonalize: "polar-express",
  refresh: { every: 3, stagger: false },
  sketch: { start: "cold" },
};

/** A gradient of rank 4, whose subspace every range finder finds. */
const gradientAt = (t: number): np.Array =>
  np.matmul(
    np.array(normal(ROWS * 4, 50 + t), { shape: [ROWS, 4] }),
    np.array(normal(4 * COLS, 70 + t), { shape: [4, COLS] }),
  );

/** The pure update on these devices, compiled and not: both have the steps of core. */
export function testPure(devices: readonly Device[], options = OPTIONS, steps = 6): void {
  describe.each(devices)("on %s", (device) => {
    useDevice(device);

    test.each(options)("%j steps as core does, compiled", (given) => {
      const data = normal(ROWS * COLS, 1);
      const reference = createOptimizer([{ name: "params", shape: [ROWS, COLS], data }], {
        ...(given.optimizer === "sumo" && HOST),
        ...given,
        layout: "in-out",
      } as Group);
      const solver = pureTransformation({ ...given, ...(given.optimizer === "sumo" && { hidden: /./ }) });
      const update = jit((grads: np.Array, state: PureState, params: np.Array) => {
        const [updates, next] = solver.update(grads, state, params.ref);
        return [applyUpdates(params, updates), next] as [np.Array, PureState];
      });
      let params = matrix(1);
      let state = solver.init(params.ref);
      for (let t = 0; t < steps; t++) {
        const gradient = gradientAt(t);
        reference.stepParameter("params", Float32Array.from(dataOf(gradient.ref)));
        if (t % 3 === 0) state = solver.refresh(gradient.ref, state);
        [params, state] = update(gradient, state, params);
        const distance = Math.hypot(...dataOf(params.ref).map((w, i) => w - data[i]!));
        // Sums of at most max(m, n) products round like that many times; polynomials and later steps amplify it.
        expect(distance).toBeLessThanOrEqual(64 * (t + 1) * Math.max(ROWS, COLS) * EPS32 * Math.hypot(...data));
      }
      update.dispose();
    });
  });
}
