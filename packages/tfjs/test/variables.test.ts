import {
  CheckpointError,
  GradientTypeError,
  NonFiniteGradientError,
  OptimizerOptionError,
  ParameterError,
} from "@sumo/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdamWOptimizer, BusyError, type CoreOptimizer, SumoOptimizer } from "../src/index.ts";
import { useBackend } from "./backend.ts";
import { classifier, labelledPoints, saved, valuesOf } from "./classifier.ts";

beforeAll(() => useBackend("cpu"));
afterEach(() => tf.disposeVariables());

const quiet = { batchSize: 16, verbose: 0, shuffle: false, epochs: 2 } as const;
const create = () => new SumoOptimizer({ lr: 0.02, rank: 2, refresh: { every: 3 } });

/** Trains with these layers, the others frozen. */
async function train(model: tf.LayersModel, optimizer: tf.Optimizer, layers: readonly number[]): Promise<void> {
  const { x, y } = labelledPoints(32);
  for (const [i, layer] of model.layers.entries()) layer.trainable = layers.includes(i);
  model.compile({ optimizer, loss: "categoricalCrossentropy" });
  await model.fit(x, y, quiet);
}

const loaded = async (model: tf.LayersModel): Promise<tf.LayersModel> =>
  tf.loadLayersModel(tf.io.fromMemory(await saved(model)));

const stepsOf = (optimizer: tf.Optimizer): Record<string, number> =>
  Object.fromEntries((optimizer as CoreOptimizer).report().parameters.map(({ name, step }) => [name, step]));

describe("transfer learning, saved and loaded at every stage, ends as without saving", () => {
  test.each([
    ["the head first, then all", [[2], [0, 1, 2], [0, 1, 2]]],
    [
      "all, then all but the base",
      [
        [0, 1, 2],
        [1, 2],
        [0, 1, 2],
      ],
    ],
    ["layers of one shape in turn", [[1], [0, 2], [2], [0, 1, 2]]],
  ])("%s", async (_, stages) => {
    const model = classifier();
    let copy: tf.LayersModel = classifier();
    const optimizer = create();
    let ofCopy: tf.Optimizer = create();
    for (const layers of stages) {
      await train(model, optimizer, layers);
      await train(copy, ofCopy, layers);
      expect(valuesOf(copy)).toEqual(valuesOf(model));
      const old = copy;
      copy = await loaded(copy);
      ofCopy = copy.optimizer;
      old.dispose();
    }
    expect(Object.values(stepsOf(ofCopy))).toEqual([]);
    await train(model, optimizer, [0, 1, 2]);
    await train(copy, ofCopy, [0, 1, 2]);
    expect(valuesOf(copy)).toEqual(valuesOf(model));
    expect(Object.values(stepsOf(ofCopy))).toEqual(Object.values(stepsOf(optimizer)));
  });

  test.each([
    ["adadelta", () => tf.train.adadelta(0.01)],
    ["adagrad", () => tf.train.adagrad(0.01)],
    ["adam", () => tf.train.adam(0.01)],
    ["adamax", () => tf.train.adamax(0.01)],
    ["momentum", () => tf.train.momentum(0.01, 0.9)],
    ["rmsprop", () => tf.train.rmsprop(0.01)],
  ])("which tf.train.%s does not survive", async (_, theirs) => {
    const [model, optimizer] = [classifier(), theirs()];
    await train(model, optimizer, [2]);
    await expect(train(model, optimizer, [0, 1, 2])).rejects.toThrow(/could not be broadcast together/);
  });

  test("and these are all of tfjs's optimizers that have state", () => {
    const names = Object.getOwnPropertyNames(tf.train).filter(
      (name) => !["length", "name", "prototype"].includes(name),
    );
    expect(names.sort()).toEqual(["adadelta", "adagrad", "adam", "adamax", "momentum", "rmsprop", "sgd"]);
  });

  test("a head that is trained first is the output layer", async () => {
    const optimizer = create();
    const model = classifier();
    await train(model, optimizer, [2]);
    await train(model, optimizer, [0, 1, 2]);
    const matrices = optimizer.report().parameters.filter(({ shape }) => shape.length === 2);
    expect(matrices.map(({ shape, optimizer: kind }) => [shape.join(), kind])).toEqual([
      ["16,3", "adamw"],
      ["8,16", "sumo"],
      ["16,16", "sumo"],
    ]);
  });

  test("a matrix that is trained with nothing beside it is hidden", () => {
    const optimizer = create();
    const alone = tf.variable(tf.zeros([8, 16]));
    optimizer.applyGradients({ [alone.name]: tf.ones([8, 16]) });
    expect(optimizer.report().parameters[0]!.optimizer).toBe("sumo");
  });

  test("variables that come later are not taken for the output layer", async () => {
    const optimizer = create();
    const model = classifier();
    await train(model, optimizer, [1, 2]);
    await train(model, optimizer, [0, 1, 2]);
    const matrices = optimizer.report().parameters.filter(({ shape }) => shape.length === 2);
    expect(matrices.map(({ shape, optimizer: kind }) => [shape.join(), kind])).toEqual([
      ["16,16", "sumo"],
      ["16,3", "adamw"],
      ["8,16", "sumo"],
    ]);
  });

  test("a model built anew takes up the state by order, unless the old one may still claim it", async () => {
    const model = classifier();
    await train(model, create(), [0, 1, 2]);
    const weights = await model.optimizer.getWeights();
    const [anew, other] = [create(), create()];
    await anew.setWeights(weights);
    await other.setWeights(weights);
    await expect(train(classifier(), other, [0, 1, 2])).rejects.toThrow(CheckpointError);
    model.dispose();
    await train(classifier(), anew, [0, 1, 2]);
    expect(Object.values(stepsOf(anew))).toEqual([8, 8, 8, 8, 8, 8]);
  });
});

describe("state of a variable", () => {
  const stepWith = (optimizer: CoreOptimizer, variable: tf.Variable) =>
    tf.tidy(() => optimizer.applyGradients({ [variable.name]: tf.ones(variable.shape) }));

  test("is let go when the variable is disposed of", () => {
    const optimizer = new SumoOptimizer({ lr: 0.1, rank: 2, hidden: /./ });
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) {
      const variable = tf.tidy(() => tf.variable(tf.ones([4, 4])));
      stepWith(optimizer, variable);
      variable.dispose();
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    expect(optimizer.report().parameters).toEqual([]);
  });

  test("is made anew for another variable of the name", () => {
    const optimizer = new AdamWOptimizer({ lr: 0.1 });
    const first = tf.variable(tf.zeros([3]), true, "w");
    stepWith(optimizer, first);
    stepWith(optimizer, first);
    first.dispose();
    stepWith(optimizer, tf.variable(tf.zeros([3]), true, "w"));
    expect(stepsOf(optimizer)).toEqual({ w: 1 });
  });

  test("of another shape under the name is refused, before anything is changed", async () => {
    const old = tf.variable(tf.zeros([3]), true, "w");
    const first = new AdamWOptimizer({ lr: 0.1 });
    stepWith(first, old);
    const weights = await first.getWeights();
    old.dispose();
    const second = new AdamWOptimizer({ lr: 0.1 });
    await second.setWeights(weights);
    const [wrong, other] = [tf.variable(tf.zeros([4]), true, "w"), tf.variable(tf.zeros([2]), true, "v")];
    const step = () => second.applyGradients({ v: tf.ones([2]), w: tf.ones([4]) });
    expect(step).toThrow(CheckpointError);
    expect(step).toThrow(/"w" is of shape \[3\], the variable's is \[4\]/);
    expect([...wrong.dataSync(), ...other.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("of two unnamed variables of one shape is not given to one of them", async () => {
    const two = () => [tf.variable(tf.zeros([3])), tf.variable(tf.zeros([3]))] as const;
    const first = new AdamWOptimizer({ lr: 0.1 });
    for (const variable of two()) stepWith(first, variable);
    const second = new AdamWOptimizer({ lr: 0.1 });
    await second.setWeights(await first.getWeights());
    const [a, b] = two();
    expect(() => stepWith(second, b)).toThrow(/cannot tell which saved state/);
    second.applyGradients([b, a].map(({ name }) => ({ name, tensor: tf.ones([3]) })));
    expect(Object.values(stepsOf(second))).toEqual([2, 2]);
  });

  test("comes back under an optimizer that went on, to where it was saved", async () => {
    const w = tf.variable(tf.zeros([3]), true, "w");
    const late = tf.variable(tf.zeros([3]), true, "late");
    const optimizer = new AdamWOptimizer({ lr: 0.1 });
    stepWith(optimizer, w);
    const weights = (await optimizer.getWeights()).map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
    stepWith(optimizer, w);
    stepWith(optimizer, late);
    await optimizer.setWeights(weights);
    expect([stepsOf(optimizer), optimizer.iterations]).toEqual([{ w: 1 }, 1]);
  });

  test("is handed out in tensors that live until a step changes it", async () => {
    const w = tf.variable(tf.zeros([3]));
    const optimizer = new AdamWOptimizer({ lr: 0.1 });
    stepWith(optimizer, w);
    const weights = await optimizer.getWeights();
    await optimizer.getWeights();
    expect(weights.some(({ tensor }) => tensor.isDisposed)).toBe(false);
    const { numTensors } = tf.memory();
    stepWith(optimizer, w);
    await optimizer.getWeights();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe("a step", () => {
  const two = () => [tf.variable(tf.ones([4, 4]), true, "a"), tf.variable(tf.ones([4, 4]), true, "b")] as const;

  test.each(["applyGradients", "applyGradientsAsync"] as const)("%s changes all variables or none", async (method) => {
    const [a, b] = two();
    const optimizer = create();
    const step = async () => optimizer[method]({ a: tf.ones([4, 4]), b: tf.fill([4, 4], Number.NaN) });
    await expect(step()).rejects.toThrow(NonFiniteGradientError);
    expect([a, b].flatMap((variable) => [...variable.dataSync()])).toEqual(Array(32).fill(1));
    expect(optimizer.iterations).toBe(0);
  });

  test.each([Number.NaN, -1, "0.1"])("with a schedule that gives %s changes nothing", (rate) => {
    const [a, b] = [tf.variable(tf.ones([3]), true, "a"), tf.variable(tf.ones([3]), true, "b")];
    const optimizer = new AdamWOptimizer((step) => (step === 0 ? 0.1 : rate) as number);
    optimizer.applyGradients({ b: tf.ones([3]) });
    const before = b.dataSync().slice();
    expect(() => optimizer.applyGradients({ a: tf.ones([3]), b: tf.ones([3]) })).toThrow(/got .* at step 1/);
    expect([a.dataSync(), b.dataSync()]).toEqual([new Float32Array(3).fill(1), before]);
  });

  test("of a variable that comes later has the rate that the optimizer says", () => {
    const variables = ["a", "b", "c"].map((name) => tf.variable(tf.ones([3, 3]), true, name));
    const [a, , c] = variables;
    const optimizer = new SumoOptimizer({
      lr: (step) => 0.1 / (1 + step),
      hidden: /a|b/,
      others: { lr: (step) => 0.2 / (1 + step) },
    });
    const seen: number[][] = [];
    optimizer.on("step", ({ parameter, step, lr }) => {
      if (parameter !== "a") seen.push([step, lr / optimizer.learningRate]);
    });
    const step = (of: readonly tf.Variable[]) =>
      optimizer.applyGradients(Object.fromEntries(of.map(({ name }) => [name, tf.ones([3, 3])])));
    for (let t = 0; t < 3; t++) step([a!]);
    step(variables);
    expect(seen).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(c!.dataSync()[0]).toBeCloseTo(1 - 0.05, 5);
  });

  test("leaves out variables without elements", () => {
    const [a] = two();
    const empty = tf.variable(tf.zeros([0, 4]), true, "empty");
    const optimizer = create();
    optimizer.applyGradients({ a: tf.ones([4, 4]), empty: tf.zeros([0, 4]) });
    expect([a.dataSync()[0]! < 1, empty.shape, stepsOf(optimizer)]).toEqual([true, [0, 4], { a: 1 }]);
  });

  test("skips what is not finite, and averages micro-batches, where that was asked for", () => {
    const [a] = two();
    const optimizer = new SumoOptimizer({ lr: 0.1, onNonFinite: "skip", microBatches: 2 });
    const seen = [Number.NaN, 1, 1, 1].map((value) => {
      optimizer.applyGradients({ a: tf.fill([4, 4], value) });
      return a.dataSync()[0]!;
    });
    expect(seen.map((value, i) => value < (seen[i - 1] ?? 1))).toEqual([false, true, false, true]);
    expect(optimizer.report().counters).toMatchObject({ steps: 2, skipped: 1 });
  });

  test.each(["applyGradients", "applyGradientsAsync"] as const)(
    "%s clips gradients to a joint norm, and leaks nothing",
    async (method) => {
      const [a] = two();
      const c = tf.variable(tf.ones([3]), true, "c");
      const gradients = { a: tf.fill([4, 4], 3), c: tf.fill([3], 4) };
      const short = Math.hypot(...Array(16).fill(3), ...Array(3).fill(4)) / 2;
      const [clipping, given] = [create, create].map(
        (_, i) => new SumoOptimizer({ lr: 0.1, ...(i === 0 && { clip: short }) }),
      );
      const values = () => [a, c].flatMap((variable) => [...variable.dataSync()]);
      const run = async (optimizer: CoreOptimizer, factor: number) => {
        for (const variable of [a, c]) variable.assign(tf.ones(variable.shape));
        const scaled = { a: tf.mul(gradients.a, factor), c: tf.mul(gradients.c, factor) };
        await optimizer[method](scaled);
        const { numTensors } = tf.memory();
        for (let t = 0; t < 3; t++) await optimizer[method](scaled);
        expect(tf.memory().numTensors).toBe(numTensors);
        return values();
      };
      const clipped = await run(clipping!, 1);
      const expected = await run(given!, 0.5);
      clipped.forEach((x, i) => {
        expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(4 * 16 * 2 ** -23);
      });
    },
  );

  test("is not taken while another is under way", async () => {
    two();
    const optimizer = create();
    const first = optimizer.applyGradientsAsync({ a: tf.ones([4, 4]) });
    expect(() => optimizer.applyGradients({ a: tf.ones([4, 4]) })).toThrow(BusyError);
    await expect(optimizer.getWeights()).rejects.toThrow(BusyError);
    await first;
    optimizer.applyGradients({ a: tf.ones([4, 4]) });
    expect(optimizer.iterations).toBe(2);
  });

  const ones = () => tf.ones([4, 4]);
  test.each<[string, () => unknown, abstract new (...args: never[]) => Error, RegExp]>([
    ["nothing", () => undefined, GradientTypeError, /an object of tensors by name.*undefined/],
    ["null", () => null, GradientTypeError, /null/],
    ["a tensor", ones, GradientTypeError, /a Tensor/],
    ["a list of tensors", () => [ones()], GradientTypeError, /\{ name, tensor \}.* at 0/],
    ["numbers", () => ({ a: [1, 2] }), GradientTypeError, /"a": expected a tensor, got \[1,2\]; tf\.tensor/],
    ["a typed array", () => ({ a: new Float32Array(16) }), GradientTypeError, /"a".*a Float32Array/],
    ["a tensor that is gone", () => ({ a: gone() }), GradientTypeError, /"a".*disposed/],
    ["whole numbers", () => ({ a: tf.ones([4, 4], "int32") }), GradientTypeError, /"a": expected float32, got int32/],
    ["no variable's gradient", () => ({ c: ones() }), ParameterError, /"c"/],
    ["two for one", () => ["a", "a"].map((name) => ({ name, tensor: ones() })), ParameterError, /"a".*two/],
  ])("refuses %s", (_, given, type, message) => {
    const [a] = two();
    const optimizer = create();
    const step = () => optimizer.applyGradients(given() as never);
    expect(step).toThrow(type);
    expect(step).toThrow(message);
    expect(a.dataSync()[0]).toBe(1);
  });

  test.each([undefined, null, 0, "state", {}, [], [null], [null, null], [{ name: "iter" }, {}]])(
    "refuses %j for a state or a listener",
    async (given) => {
      const optimizer = create();
      await expect(optimizer.setWeights(given as never)).rejects.toThrow(CheckpointError);
      expect(() => optimizer.on(given as never, () => {})).toThrow(OptimizerOptionError);
      expect(() => optimizer.on("step", given as never)).toThrow(OptimizerOptionError);
    },
  );

  test("refuses variables of whole numbers", () => {
    const counts = tf.variable(tf.zeros([2], "int32"), true, "counts", "int32");
    expect(() => create().applyGradients({ [counts.name]: tf.zeros([2]) })).toThrow(/"counts": expected a float32/);
    create().applyGradients([{ name: counts.name, tensor: undefined as never }]);
  });

  test.each([Number.NaN, -1, Infinity, "0.1", undefined, null])("refuses %s for a learning rate", (rate) => {
    const optimizer = create();
    expect(() => {
      optimizer.learningRate = rate as number;
    }).toThrow(OptimizerOptionError);
    expect(optimizer.learningRate).toBe(0.02);
  });
});

function gone(): tf.Tensor {
  const tensor = tf.ones([4, 4]);
  tensor.dispose();
  return tensor;
}
