import { grad, jit, numpy as np, tree } from "@jax-js/jax";
import { cosine, OptimizerOptionError } from "@sumo/core";
import { describe, expect, test } from "vitest";
import {
  applyUpdates,
  type PureGroup,
  type PureState,
  pureTransformation,
  StateError,
  StructureError,
} from "../src/index.ts";
import { testPure } from "./pure.ts";
import { dataOf, matrix, normal, useDevice } from "./training.ts";

testPure(["cpu", "wasm"]);

describe("a pure update", () => {
  useDevice("wasm");
  const solver = pureTransformation({ optimizer: "sumo", lr: 0.02, rank: 4 });
  interface Params {
    readonly hidden: { readonly kernel: np.Array; readonly bias: np.Array };
    readonly empty: np.Array;
    readonly out: readonly np.Array[];
  }
  const created = (): Params => ({
    hidden: { kernel: np.array(normal(8 * 16, 6), { shape: [8, 16] }).mul(0.3), bias: np.zeros([16]) },
    empty: np.zeros([0, 3]),
    out: [np.array(normal(16, 7), { shape: [16, 1] }).mul(0.3)],
  });

  test("is compiled together with the gradient, and leaves no array behind", () => {
    const x = np.array(normal(64 * 8, 5), { shape: [64, 8] });
    const loss = ({ hidden, out, empty }: Params) => {
      const activations = np.tanh(np.matmul(x.ref, hidden.kernel).add(hidden.bias));
      return np
        .square(np.matmul(activations, out[0]!).sub(np.sin(x.ref.sum(1, { keepdims: true }))))
        .mean()
        .add(empty.sum());
    };
    const gradsOf = (params: Params) => (grad(loss as never) as (params: unknown) => never)(tree.ref(params as never));
    const step = jit((params: Params, state: PureState) => {
      const [updates, next] = solver.update(gradsOf(params), state);
      return [applyUpdates(params as never, updates), next] as never;
    }) as unknown as (params: Params, state: PureState) => [Params, PureState];
    let params = created();
    let state = solver.init(tree.ref(params as never));
    state = solver.refresh(gradsOf(params), state);
    const before = loss(tree.ref(params as never)).item();
    for (let t = 0; t < 40; t++) [params, state] = step(params, state);
    expect(loss(tree.ref(params as never)).item()).toBeLessThan(0.5 * before);
    expect(params.empty.shape).toEqual([0, 3]);
    expect(Object.entries(state).map(([name, leaf]) => [name, Object.keys(leaf).join()])).toEqual([
      ["hidden.kernel", "basis,moment,norm,energy,energyWeight,momentWeight,step"],
      ["hidden.bias", "first,second,correction1,correction2,step"],
      ["out.0", "first,second,correction1,correction2,step"],
    ]);
    for (const leaf of tree.leaves<np.Array>([params, state] as never)) expect(leaf.refCount).toBe(1);
  });

  test("leaves parameter and state as they are if the gradient is not finite", () => {
    const step = jit((grads: np.Array, state: PureState) => solver.update(grads, state) as never) as unknown as (
      grads: np.Array,
      state: PureState,
    ) => [np.Array, PureState];
    const bad = dataOf(matrix(2)).slice();
    bad[7] = Number.NaN;
    const before = solver.init(matrix(1));
    const kept = Object.values(tree.ref(before as never)["params"]).map((array) => dataOf(array as np.Array));
    const [update, after] = step(np.array(bad, { shape: [12, 20] }), before);
    expect(dataOf(update).every((x) => x === 0)).toBe(true);
    expect(Object.values(after["params"]!).map(dataOf)).toEqual(kept);
  });

  test("takes a rate that is a function of the steps", () => {
    const rates: PureGroup = { optimizer: "adamw", lr: (step) => np.full([], 0.5).div(step.add(1)), eps: 1e-20 };
    const scheduled = pureTransformation(rates);
    const step = jit((grads: np.Array, state: PureState) => scheduled.update(grads, state) as never) as unknown as (
      grads: np.Array,
      state: PureState,
    ) => [np.Array, PureState];
    let state = scheduled.init(np.zeros([2]));
    const lengths = [0, 1, 2].map(() => {
      let update: np.Array;
      [update, state] = step(np.ones([2]), state);
      return dataOf(update)[0]!;
    });
    expect(lengths).toEqual([-0.5, -0.25, -0.5 / 3].map((length) => expect.closeTo(length, 6)));
  });

  test("of a zero gradient refreshes nothing", () => {
    const state = solver.init(matrix(1));
    const { basis } = tree.ref(state as never)["params"] as unknown as { basis: np.Array };
    const next = solver.refresh(np.zeros([12, 20]), state);
    expect(dataOf(next["params"]!["basis"]!)).toEqual(dataOf(basis));
  });

  test.each<[string, object]>([
    ["optimizer", { optimizer: "muon" }],
    ["orthogonalize", { orthogonalize: "exact" }],
    ["residual", { residual: "joint" }],
    ["residual", { residual: { joint: 2 } }],
    ["preset", { preset: "paper" }],
    ["rank", { rank: { energy: 0.9 } }],
    ["stateBits", { stateBits: 8 }],
    ["cautious", { cautious: true }],
    ["split", { split: [2, 2] }],
    ["lr", { lr: cosine({ peak: 0.1, total: 10 }) }],
    ["lr", { others: { lr: cosine({ peak: 0.1, total: 10 }) } }],
    ["lr", { lr: -1 }],
  ])("has no %s %j", (option, given) => {
    const create = () => pureTransformation({ optimizer: "sumo", lr: 0.1, ...given } as never);
    expect(create).toThrow(OptimizerOptionError);
    expect(create).toThrow(expect.objectContaining({ option }));
  });

  test("refuses another structure or state", () => {
    const state = () => solver.init({ a: matrix(1) });
    expect(() => solver.update({ b: matrix(2) }, state())).toThrow(StateError);
    expect(() => solver.update({ a: matrix(2) }, undefined as never)).toThrow(StateError);
    expect(() => solver.update({ a: 3 } as never, state())).toThrow(StructureError);
    const halves = () => ({ a: np.zeros([2, 3], { dtype: np.float16 }) });
    expect(() => solver.init(halves())).toThrow(/"a": expected float32, got float16/);
    expect(() => solver.update(halves(), state())).toThrow(/"a": expected float32, got float16/);
    const decaying = pureTransformation({ optimizer: "adamw", lr: 0.1, weightDecay: 0.1 });
    expect(() => decaying.update(matrix(2), decaying.init(matrix(1)))).toThrow(/weight decay/);
  });
});
