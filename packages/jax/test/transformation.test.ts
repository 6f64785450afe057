import { jit, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { CheckpointError, NonFiniteGradientError, OptimizerError, OptimizerOptionError } from "@sumo/core";
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

describe("as optax does it", () => {
  const options = { optimizer: "sumo", lr: 0.01, rank: 2 } as const;
  const dense = (seed: number, [rows, cols]: readonly [number, number]) =>
    np.array(normal(rows * cols, seed), { shape: [rows, cols] });

  test("parameters may be left out where no weight decays", () => {
    const solver = transformation(options);
    const [withParams] = solver.update(matrix(2), solver.init(matrix(1)), matrix(1));
    const [without] = solver.update(matrix(2), solver.init(matrix(1)));
    const [a, b] = [dataOf(withParams), dataOf(without)];
    // What is added to a weight and taken from it again is rounded as the weight is.
    a.forEach((x, i) => {
      expect(Math.abs(x - b[i]!)).toBeLessThan(2 ** -22 * 4);
    });
    const decaying = transformation({ ...options, others: { weightDecay: 0.1 } });
    expect(() => decaying.update(matrix(2), decaying.init(matrix(1)))).toThrow(/weight decay/);
  });

  test("keys may come in any order, and updates come in that of the gradients", () => {
    const solver = transformation({ optimizer: "adamw", lr: 0.1 });
    const run = (grads: { a: np.Array; b: np.Array }) => {
      const [updates] = solver.update(grads, solver.init({ a: np.zeros([2]), b: np.zeros([2]) }));
      return [Object.keys(updates), dataOf(updates.a), dataOf(updates.b)];
    };
    const up = () => np.ones([2]);
    const down = () => np.ones([2]).mul(-1);
    const [keys, a, b] = run({ b: down(), a: up() });
    expect([keys, a, b]).toEqual([["b", "a"], ...run({ a: up(), b: down() }).slice(1)]);
  });

  test("leaves without elements are kept", () => {
    const solver = transformation(options);
    const params = { empty: np.zeros([0, 4]), w: matrix(1) };
    const [updates, state] = solver.update(
      { empty: np.zeros([0, 4]), w: matrix(2) },
      solver.init(tree.ref(params)),
      tree.ref(params),
    );
    const next = applyUpdates(params, updates);
    expect([next.empty.shape, next.w.shape]).toEqual([
      [0, 4],
      [ROWS, COLS],
    ]);
    expect(state.report().parameters.map(({ name }) => name)).toEqual(["w"]);
  });

  test("embeddings and heads get AdamW, unless told otherwise", () => {
    const params = () => ({ embed: dense(1, [50, 8]), l0: dense(2, [8, 8]), head: dense(3, [8, 50]) });
    const given = (more: object) =>
      transformation({ ...options, ...more })
        .init(params())
        .report().parameters;
    expect(given({}).map(({ optimizer, reason }) => `${optimizer}: ${reason}`)).toEqual([
      "adamw: named an embedding",
      "sumo: a hidden matrix",
      "adamw: the last matrix, taken for the output layer",
    ]);
    expect(given({ hidden: /./ }).map(({ optimizer }) => optimizer)).toEqual(["sumo", "sumo", "sumo"]);
    const { parameters } = transformation({ ...options, hidden: /embed/ }).plan(params());
    expect(parameters.map(({ optimizer }) => optimizer)).toEqual(["sumo", "adamw", "adamw"]);
  });

  test("kernels of convolutions are outputs × everything else", () => {
    const planned = transformation({ ...options, hidden: /./ }).plan({ k: np.ones([8, 4, 3, 3]) });
    expect(planned.parameters[0]!.reason).toContain("flattened to 8 x 36");
    expect(planned.stateFloats).toBe(2 * (8 + 36));
  });

  test("a schedule is a function of the count", () => {
    const solver = transformation({ optimizer: "sgd", lr: (count) => 0.5 / (1 + count), momentum: 0 });
    let state = solver.init(np.zeros([2]));
    const lengths: number[] = [];
    for (let t = 0; t < 3; t++) {
      let updates: np.Array;
      [updates, state] = solver.update(np.ones([2]), state);
      lengths.push(dataOf(updates)[0]!);
    }
    expect(lengths.map((length) => length / lengths[0]!)).toEqual([1, 0.5, expect.closeTo(1 / 3, 6)]);
  });

  test("gradients are clipped to a joint norm", () => {
    const solver = transformation({ optimizer: "sgd", lr: 1, momentum: 0 }, { clip: 1 });
    const grads = { a: np.full([2], 3), b: np.full([2], 4) };
    const [updates] = solver.update(grads, solver.init({ a: np.zeros([2]), b: np.zeros([2]) }));
    const moved = [...dataOf(updates.a), ...dataOf(updates.b)];
    expect(Math.hypot(...moved)).toBeCloseTo(1, 6);
    expect(moved[0]! / moved[2]!).toBeCloseTo(3 / 4, 6);
  });

  test("micro-batches make up a step, and what is not finite is skipped, where that was asked for", () => {
    const solver = transformation({ optimizer: "adamw", lr: 0.1 }, { microBatches: 2, onNonFinite: "skip" });
    let state = solver.init(np.zeros([2]));
    const moved = [Number.NaN, 1, 1, 1].map((value) => {
      let updates: np.Array;
      [updates, state] = solver.update(np.full([2], value), state);
      return dataOf(updates)[0] !== 0;
    });
    expect(moved).toEqual([false, true, false, true]);
    expect(state.report().counters).toMatchObject({ steps: 2, skipped: 1 });
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

  test.each<[string, () => unknown, RegExp]>([
    ["nothing", () => undefined, /gradients: expected an array.*undefined/],
    ["null", () => null, /null/],
    ["a number", () => 3, /got 3/],
    ["numbers", () => ({ a: [1, 2] }), /"a.0": expected an array, got 1/],
    ["a typed array", () => ({ a: new Float32Array(2) }), /"a": expected an array, got a Float32Array/],
    ["a Map", () => new Map([["a", 1]]), /got a Map/],
    ["another key", () => ({ b: matrix(2) }), /lack a and also have b/],
    ["a key more", () => ({ a: matrix(2), b: matrix(2) }), /also have b/],
    ["an empty list", () => [], /lack a/],
    ["another type", () => ({ a: np.ones([ROWS, COLS], { dtype: np.int32 }) }), /"a": expected float32, got int32/],
    ["half precision", () => ({ a: halves() }), /"a": expected float32, got float16/],
    ["another shape", () => ({ a: matrix(2).reshape([COLS, ROWS]) }), /"a": expected shape \[12, 20\], got \[20, 12\]/],
    ["an array that was used up", () => ({ a: used() }), /used up/],
  ])("%s for gradients or parameters is refused in words, and the state stays", (_, given, message) => {
    const state = solver.init({ a: matrix(1) });
    expect(() => solver.update(given() as never, state, { a: matrix(1) } as never)).toThrow(StructureError);
    expect(() => solver.update(given() as never, state, { a: matrix(1) } as never)).toThrow(message);
    const asParams = given();
    if (asParams !== undefined) {
      expect(() => solver.update({ a: matrix(2) } as never, state, asParams as never)).toThrow(StructureError);
    }
    solver.update({ a: matrix(2) }, state, { a: matrix(1) });
  });

  test.each([undefined, null, 0, "state", {}, []])("%j for a state, parameters or options is refused", (given) => {
    const wrong = given as never;
    expect(() => solver.update(matrix(2), wrong, matrix(1))).toThrow(StateError);
    expect(() => transformation(wrong).init(matrix(1))).toThrow(OptimizerError);
    if (!Array.isArray(given) && typeof given !== "object") expect(() => solver.init(wrong)).toThrow(StructureError);
    if (given !== undefined) expect(() => solver.init(matrix(1), wrong)).toThrow(OptimizerError);
  });

  test("parameters of half precision are refused in words, in every runtime", () => {
    expect(() => solver.init({ a: matrix(1), b: halves() })).toThrow(StructureError);
    expect(() => solver.init(halves())).toThrow(/"params": expected float32, got float16/);
  });

  test("wrong options throw at once", () => {
    expect(() => transformation({ optimizer: "sumo", lr: -1 })).toThrow(OptimizerOptionError);
    expect(() => transformation({ optimizer: "sumo", learningRate: 1 } as never)).toThrow(/did you mean lr/);
    expect(() => transformation({ optimizer: "adamw", lr: 1 }, { microbatches: 2 } as never)).toThrow(/microBatches/);
  });

  test("an update inside of jit says so", () => {
    const state = solver.init(matrix(1));
    const traced = jit((grads: np.Array) => solver.update(grads, state)[0]);
    expect(() => traced(matrix(2))).toThrow(/inside of jit use pureTransformation/);
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

/** Node 20 has no array for its numbers, which nothing here may ask for. */
const halves = (): np.Array => np.zeros([ROWS, COLS], { dtype: np.float16 });

function used(): np.Array {
  const array = matrix(2);
  array.dispose();
  return array;
}
