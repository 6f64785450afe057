import { OptimizerError, planTable } from "@sumo/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdamWOptimizer, SumoOptimizer } from "../src/index.ts";
import { useBackend } from "./backend.ts";
import { classifier, labelledPoints } from "./classifier.ts";

beforeAll(() => useBackend("cpu"));
afterEach(() => tf.disposeVariables());

const create = () => new SumoOptimizer({ lr: 0.02, rank: 2 });
const dense = (units: number, name: string) => tf.layers.dense({ units, name });
/** Optimizer of every matrix, by the layer's name. */
const matricesOf = (model: tf.LayersModel, optimizer = create()): Record<string, string> =>
  Object.fromEntries(
    optimizer
      .plan(model)
      .parameters.filter(({ shape }) => shape.length > 1)
      .map(({ name, optimizer: kind }) => [name.split("/")[0]!, kind]),
  );

describe("a model's roles are known", () => {
  test("of several outputs all are output layers, behind activations too", () => {
    const x = tf.input({ shape: [6] });
    const trunk = dense(8, "trunk").apply(x) as tf.SymbolicTensor;
    const box = dense(4, "box").apply(trunk) as tf.SymbolicTensor;
    const label = tf.layers
      .activation({ activation: "softmax" })
      .apply(dense(3, "label").apply(trunk)) as tf.SymbolicTensor;
    const after = dense(5, "after").apply(dense(7, "before").apply(trunk)) as tf.SymbolicTensor;
    const model = tf.model({ inputs: x, outputs: [label, box, after] });
    expect(matricesOf(model)).toEqual({ trunk: "sumo", box: "adamw", label: "adamw", before: "sumo", after: "adamw" });
  });

  test("an embedding is a layer, not a name", () => {
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 20, outputDim: 6, inputLength: 4, name: "words" }),
        tf.layers.flatten(),
        dense(8, "patch_embed"),
        dense(3, "head"),
      ],
    });
    expect(matricesOf(model)).toEqual({ words: "adamw", patch_embed: "sumo", head: "adamw" });
  });

  test("models inside of models are seen through", () => {
    const base = tf.sequential({
      name: "base",
      layers: [tf.layers.dense({ units: 8, inputShape: [6], name: "a" }), dense(8, "b")],
    });
    const whole = tf.sequential({ layers: [base, dense(3, "head")] });
    expect(matricesOf(whole)).toEqual({ a: "sumo", b: "sumo", head: "adamw" });
    expect(matricesOf(tf.sequential({ layers: [base] }))).toEqual({ a: "sumo", b: "adamw" });
  });

  test("and kept by its variables, frozen ones too", async () => {
    const model = classifier();
    const { x, y } = labelledPoints(16);
    const optimizer = create();
    const train = async (frozen: boolean) => {
      for (const layer of model.layers.slice(0, 2)) layer.trainable = !frozen;
      model.compile({ optimizer, loss: "categoricalCrossentropy" });
      await model.fit(x, y, { verbose: 0 });
    };
    for (const layer of model.layers.slice(0, 2)) layer.trainable = false;
    expect(optimizer.plan(model).parameters.map(({ shape }) => shape)).toEqual([[16, 3], [3]]);
    await train(true);
    await train(false);
    const kinds = optimizer.report().parameters.filter(({ shape }) => shape.length > 1);
    expect(kinds.map(({ shape, optimizer: kind, reason }) => [shape.join(), kind, reason])).toEqual([
      ["16,3", "adamw", "an output layer"],
      ["8,16", "sumo", "a hidden matrix"],
      ["16,16", "sumo", "a hidden matrix"],
    ]);
    expect(optimizer.plan(model).stateBytes).toBe(optimizer.report().stateBytes);
  });

  test("unless the optimizer was told, or takes every variable", () => {
    const model = classifier();
    const told = new SumoOptimizer({ lr: 0.02, hidden: /_Dense\d+\/kernel/ });
    expect(new Set(Object.values(matricesOf(model, told)))).toEqual(new Set(["sumo"]));
    expect(new AdamWOptimizer(0.1).plan(model).parameters[0]!.reason).toBe("the optimizer of all variables");
  });
});

test("the plan prints as a table before the first step", () => {
  const model = tf.sequential({
    layers: [tf.layers.dense({ units: 8, inputShape: [6], name: "in" }), dense(3, "out")],
  });
  expect(planTable(create().plan(model)).split("\n")).toEqual([
    "parameter   shape   optimizer  bytes  reason",
    "in/kernel   [6, 8]  sumo         112  a hidden matrix",
    "in/bias     [8]     adamw         64  [8] is no matrix",
    "out/kernel  [8, 3]  adamw        192  an output layer",
    "out/bias    [3]     adamw         24  [3] is no matrix",
    "all                              392",
  ]);
});

test.each([undefined, null, 3, "model", {}, [null], [{ name: "w" }], [{ name: "w", shape: [0, 2] }]])(
  "%j cannot be planned",
  (given) => {
    expect(() => create().plan(given as never)).toThrow(OptimizerError);
  },
);

test("nor can a model that was not built", () => {
  expect(() => create().plan(tf.sequential({ layers: [dense(3, "late")] }))).toThrow(/inputShape/);
});
