import { numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { CheckpointError, NonFiniteGradientError } from "@sumo/core";
import { describe, expect, test } from "vitest";
import { applyUpdates, StateError, StructureError, transformation } from "../src/index.ts";
import { COLS, dataOf, matrix, normal, OPTIMIZERS, ROWS, testTraining, useDevice } from "./training.ts";

testTraining(["cpu", "wasm"]);

describe.each(["cpu", "wasm"] as const)("on %s", (device) => {
  useDevice(device);

  test("a network of nested parameters learns", () => {
    const x = np.array(normal(64 * 8, 5), { shape: [64, 8] });
    const y = np.sin(x.ref.sum(1, { keepdims: true }));
    type Params = { hidden: { kernel: np.Array; bias: np.Array }; out: np.Array[] };
    const loss = ({ hidden, out }: Params) => {
      const activations = np.tanh(np.matmul(x.ref, hidden.kernel).add(hidden.bias));
      return np.square(np.matmul(activations, out[0]!).add(out[1]!).sub(y.ref)).mean();
    };
    let params: Params = {
      hidden: { kernel: np.array(normal(8 * 16, 6), { shape: [8, 16] }).mul(0.3), bias: np.zeros([16]) },
      out: [np.array(normal(16, 7), { shape: [16, 1] }).mul(0.3), np.zeros([1])],
    };
    const solver = transformation([
      { match: "hidden.kernel", optimizer: "sumo", lr: 0.02, rank: 4 },
      { optimizer: "adamw", lr: 0.02 },
    ]);
    let state = solver.init(tree.ref(params));
    const losses: number[] = [];
    for (let t = 0; t < 30; t++) {
      const [value, grads] = valueAndGrad(loss)(tree.ref(params));
      losses.push(value.item());
      const [updates, next] = solver.update(grads as Params, state, tree.ref(params));
      params = applyUpdates(params, updates);
      state = next;
    }
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    const names = state.report().parameters.map(({ name, optimizer }) => `${name}: ${optimizer}`);
    expect(names).toEqual(["hidden.kernel: sumo", "hidden.bias: adamw", "out.0: adamw", "out.1: adamw"]);
    tree.leaves<np.Array>(params).forEach(({ refCount }) => {
      expect(refCount).toBe(1);
    });
  });

  test.each(OPTIMIZERS)("%s goes on bit for bit from a saved state", (_, options) => {
    const solver = transformation(options);
    const steps = (from: number, to: number, start: np.Array, state = solver.init(start.ref)) => {
      let params = start;
      for (let t = from; t < to; t++) {
        const [updates, next] = solver.update(matrix(100 + t), state, params.ref);
        params = applyUpdates(params, updates);
        state = next;
      }
      return { params, state };
    };
    const half = steps(0, 4, matrix(1));
    const saved = half.state.save();
    const whole = dataOf(steps(4, 8, half.params.ref, half.state).params);
    const resumed = dataOf(steps(4, 8, half.params, solver.init(half.params.ref, saved)).params);
    expect(resumed).toEqual(whole);
  });
});

describe("misuse", () => {
  const solver = transformation({ optimizer: "sumo", lr: 0.01, rank: 2 });

  test("a used state says so", () => {
    const state = solver.init(matrix(1));
    const [, next] = solver.update(matrix(2), state, matrix(1));
    expect(() => solver.update(matrix(2), state, matrix(1))).toThrow(StateError);
    next.dispose();
    expect(() => next.report()).toThrow(StateError);
  });

  test("another structure is refused", () => {
    const state = solver.init({ a: matrix(1) });
    expect(() => solver.update({ b: matrix(2) }, state, { b: matrix(1) })).toThrow(StructureError);
    expect(() => solver.update({ a: np.ones([2, 2]) }, state, { a: matrix(1) })).toThrow(/"a"/);
  });

  test("a gradient with NaN leaves the state as it was", () => {
    const state = solver.init(matrix(1));
    const bad = np.full([ROWS, COLS], Number.NaN);
    expect(() => solver.update(bad, state, matrix(1))).toThrow(NonFiniteGradientError);
    expect(state.report().counters.steps).toBe(0);
    expect(() => solver.update(matrix(2), state, matrix(1))).not.toThrow();
  });

  test("a state of other options is refused", () => {
    const saved = solver.init(matrix(1)).save();
    expect(() => transformation({ optimizer: "sumo", lr: 0.01, rank: 3 }).init(matrix(1), saved)).toThrow(
      CheckpointError,
    );
  });
});
