import { CheckpointError, cosine, OptimizerOptionError, ParameterError } from "@sumo/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { AdamWOptimizer, GaLoreOptimizer, MuonOptimizer, SumoOptimizer } from "../src/index.ts";
import { useBackend } from "./backend.ts";
import { classifier, labelledPoints, saved } from "./classifier.ts";

beforeAll(() => useBackend("cpu"));
afterEach(() => tf.disposeVariables());

describe("options", () => {
  test("wrong ones throw at construction", () => {
    expect(() => new SumoOptimizer({ lr: 0.1, rank: 0 })).toThrow(OptimizerOptionError);
    expect(() => new SumoOptimizer({ lr: -1 })).toThrow(OptimizerOptionError);
    expect(() => new SumoOptimizer({ lr: 0.1, rankk: 3 } as never)).toThrow(/rankk/);
    expect(() => new SumoOptimizer({ lr: 0.1, orthogonalize: "exactly" as never })).toThrow(OptimizerOptionError);
    expect(() => new AdamWOptimizer({ lr: 0.1, beta1: 1 })).toThrow(OptimizerOptionError);
    expect(() => new GaLoreOptimizer({ lr: 0.1, others: { eps: 0 } })).toThrow(OptimizerOptionError);
  });

  const classes = { SumoOptimizer, MuonOptimizer, GaLoreOptimizer, AdamWOptimizer };
  test.each(Object.entries(classes))("of %s may be the rate alone, a function of the step included", (_, Class) => {
    expect(new Class(0.01).getConfig()).toEqual(new Class({ lr: 0.01 }).getConfig());
    const optimizer = new Class((step) => 0.1 / (1 + step));
    const w = tf.variable(tf.ones([4, 3]));
    for (let t = 0; t < 3; t++) optimizer.applyGradients({ [w.name]: tf.ones([4, 3]) });
    expect(optimizer.learningRate).toBe(0.1 / 4);
    expect(() => optimizer.getConfig()).toThrow(/lr: expected a number, or a schedule/);
  });

  test.each(
    Object.entries(classes).flatMap(([name, Class]) =>
      [undefined, null, "0.1", true, [], {}, { lr: "0.1" }, { lr: null }, Number.NaN, -1].map(
        (given) => [name, given, Class] as const,
      ),
    ),
  )("%s refuses %j", (_, given, Class) => {
    expect(() => new Class(given as never)).toThrow(OptimizerOptionError);
  });

  test.each<[object, RegExp]>([
    [{ learningRate: 0.1 }, /learningRate.*did you mean lr\?/],
    [{ lr: 0.1, hiddn: /x/ }, /did you mean hidden\?/],
    [{ lr: 0.1, hidden: "kernel" }, /hidden: expected "auto", a RegExp or a predicate, got "kernel"/],
    [{ lr: 0.1, others: 0.1 }, /others: expected an object of AdamW's options/],
    [{ lr: 0.1, others: { beta: 0.9 } }, /beta.*did you mean beta1\?/],
    [{ lr: 0.1, onNonFinite: "ignore" }, /onNonFinite/],
    [{ lr: 0.1, microBatches: 0 }, /microBatches/],
    [{ lr: 0.1, clip: 0 }, /clip: expected a number > 0, got 0/],
  ])("%j are refused in words", (given, message) => {
    expect(() => new SumoOptimizer(given as never)).toThrow(OptimizerOptionError);
    expect(() => new SumoOptimizer(given as never)).toThrow(message);
  });

  test.each([
    new SumoOptimizer({ lr: 0.1, rank: { energy: 0.5, max: 8 }, hidden: /Dense_[1-3]\/Kernel/i }),
    new SumoOptimizer({
      lr: cosine({ peak: 0.1, total: 10 }),
      orthogonalize: { coefficients: "polar-express", steps: 4 },
    }),
    new MuonOptimizer({ lr: 0.1, others: { lr: 0.01, weightDecay: 0.1 } }),
    new GaLoreOptimizer({ lr: 0.1, rank: 2 }),
    new AdamWOptimizer({ lr: 0.1, weightDecay: 0.1 }),
  ])("come back from a saved model: $constructor.name", async (optimizer) => {
    const model = classifier();
    model.compile({ optimizer, loss: "categoricalCrossentropy" });
    const copy = await tf.loadLayersModel(tf.io.fromMemory(await saved(model)));
    expect(copy.optimizer).toBeInstanceOf(optimizer.constructor);
    expect(copy.optimizer.constructor).toBe(optimizer.constructor);
    expect(copy.optimizer.getConfig()).toEqual(optimizer.getConfig());
  });

  test("a predicate cannot be saved, and says so", () => {
    expect(() => new SumoOptimizer({ lr: 0.1, hidden: () => true }).getConfig()).toThrow(/RegExp/);
  });

  test("the learning rate can be changed between steps", () => {
    const w = tf.variable(tf.zeros([2]));
    const optimizer = new AdamWOptimizer({ lr: 0.5 });
    const gradient = tf.tensor1d([1, -1]);
    optimizer.applyGradients({ [w.name]: gradient });
    const first = w.dataSync().slice();
    optimizer.learningRate = 0;
    optimizer.applyGradients({ [w.name]: gradient });
    expect(first[0]).toBeCloseTo(-0.5, 6);
    expect(w.dataSync()).toEqual(first);
    expect(optimizer.getConfig()["lr"]).toBe(0);
  });
});

describe("which variables are hidden matrices", () => {
  const variables = [
    { name: "embedding_Embedding1/embeddings", shape: [100, 8] },
    { name: "conv2d_Conv2D1/kernel", shape: [3, 3, 4, 8] },
    { name: "depthwise/depthwise_kernel", shape: [3, 3, 8, 1] },
    { name: "dense_Dense1/kernel", shape: [8, 16] },
    { name: "dense_Dense1/bias", shape: [16] },
    { name: "dense_Dense2/kernel", shape: [16, 4] },
  ];
  const given = (optimizer: SumoOptimizer) => optimizer.plan(variables).parameters.map((p) => p.optimizer);

  test("is decided by rule, with reasons", () => {
    const { parameters } = new SumoOptimizer({ lr: 0.1, rank: 2 }).plan(variables);
    expect(parameters.map(({ optimizer, reason }) => `${optimizer}: ${reason}`)).toEqual([
      "adamw: named an embedding",
      "sumo: a hidden matrix",
      "adamw: [3, 3, 8, 1] is no matrix",
      "sumo: a hidden matrix",
      "adamw: [16] is no matrix",
      "adamw: the last matrix, taken for the output layer",
    ]);
    // Rank times (36 inputs + 8 outputs) for the convolution, flattened.
    expect(parameters[1]!.stateFloats).toBe(2 * (36 + 8));
  });

  test("can be overridden", () => {
    expect(given(new SumoOptimizer({ lr: 0.1, hidden: /Dense\d\/kernel/ }))).toEqual([
      "adamw",
      "adamw",
      "adamw",
      "sumo",
      "adamw",
      "sumo",
    ]);
    expect(given(new SumoOptimizer({ lr: 0.1, hidden: ({ shape }) => shape[0] === 100 }))[0]).toBe("sumo");
  });

  test("cannot be a vector", () => {
    expect(() => new SumoOptimizer({ lr: 0.1, hidden: /bias/ }).plan(variables)).toThrow(ParameterError);
  });
});

describe("gradients and states that do not fit", () => {
  test("name the variable and change nothing", () => {
    const w = tf.variable(tf.ones([4, 3]), true, "weight");
    const optimizer = new SumoOptimizer({ lr: 0.1, rank: 2 });
    const refuse = (tensor: tf.Tensor, name = "weight") => expect(() => optimizer.applyGradients([{ name, tensor }]));
    refuse(tf.ones([4, 3]), "nobody").toThrow(/"nobody".*no variable/);
    refuse(tf.ones([3, 4])).toThrow(/"weight": expected shape \[4, 3\], got \[3, 4\]/);
    refuse(tf.ones([4, 3], "int32")).toThrow(/"weight"/);
    refuse(tf.fill([4, 3], Infinity)).toThrow(/"weight" at step 0 holds NaN or an infinity/);
    expect(w.dataSync()).toEqual(new Float32Array(12).fill(1));
    expect(optimizer.iterations).toBe(0);
  });

  test("events and errors speak of variables", () => {
    const w = tf.variable(tf.ones([4, 3]), true, "kernel");
    const optimizer = new SumoOptimizer({ lr: 0.1, rank: 2 });
    const told: string[] = [];
    const end = optimizer.on("refresh", ({ parameter, step }) => told.push(`${parameter} ${step}`));
    optimizer.applyGradients({ [w.name]: tf.randomNormal([4, 3]) });
    end();
    expect(told).toEqual(["kernel 0"]);
  });

  test("a foreign state is refused", async () => {
    const optimizer = new SumoOptimizer({ lr: 0.1, rank: 2 });
    const foreign = [
      { name: "iter", tensor: tf.scalar(3, "int32") },
      { name: "dense/m", tensor: tf.ones([2]) },
    ];
    await expect(optimizer.setWeights(foreign)).rejects.toThrow(CheckpointError);
    expect(optimizer.iterations).toBe(0);
  });

  test("a state of other options is refused when its variables come", async () => {
    const w = tf.variable(tf.ones([4, 3]));
    const gradient = tf.randomNormal([4, 3], 0, 1, "float32", 1);
    const first = new SumoOptimizer({ lr: 0.1, rank: 2 });
    first.applyGradients({ [w.name]: gradient });
    const other = new SumoOptimizer({ lr: 0.1, rank: 3 });
    await other.setWeights(await first.getWeights());
    const before = w.dataSync().slice();
    expect(() => other.applyGradients({ [w.name]: gradient })).toThrow(CheckpointError);
    expect(w.dataSync()).toEqual(before);
  });

  test("variables that come later get a state of their own, and are saved with it", async () => {
    const [a, b] = [tf.variable(tf.ones([6, 5])), tf.variable(tf.ones([5, 4]))];
    const step = (optimizer: SumoOptimizer, t: number, ...weights: tf.Variable[]) =>
      tf.tidy(() =>
        optimizer.applyGradients(
          weights.map((w, i) => ({ name: w.name, tensor: tf.randomNormal(w.shape, 0, 1, "float32", 10 * t + i) })),
        ),
      );
    const first = new SumoOptimizer({ lr: 0.1, rank: 2, hidden: /./ });
    step(first, 0, a);
    step(first, 1, a, b);
    const second = new SumoOptimizer({ lr: 0.1, rank: 2, hidden: /./ });
    await second.setWeights(await first.getWeights());
    const [a2, b2] = [tf.variable(a.clone()), tf.variable(b.clone())];
    step(first, 2, a, b);
    step(second, 2, a2, b2);
    expect([a2.dataSync(), b2.dataSync()]).toEqual([a.dataSync(), b.dataSync()]);
    expect(first.report().parameters.map((p) => p.step)).toEqual([3, 2]);
  });

  test("a model trains on after its head is thawed", async () => {
    const model = classifier();
    const { x, y } = labelledPoints(16);
    model.layers[0]!.trainable = false;
    model.compile({ optimizer: new SumoOptimizer({ lr: 0.02, rank: 2 }), loss: "categoricalCrossentropy" });
    const { optimizer } = model;
    await model.fit(x, y, { verbose: 0 });
    model.layers[0]!.trainable = true;
    model.compile({ optimizer, loss: "categoricalCrossentropy" });
    await model.fit(x, y, { verbose: 0 });
    expect((optimizer as SumoOptimizer).report().parameters.map((p) => p.step)).toEqual([2, 2, 2, 2, 1, 1]);
  });
});
