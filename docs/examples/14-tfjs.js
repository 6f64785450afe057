// # SUMO in model.fit
//
// In TensorFlow.js one line changes: `tf.train.adam(0.01)` becomes a `SumoOptimizer`. It takes the hidden matrices;
// biases and the output layer get AdamW. The report says what every variable got.

import { SumoOptimizer } from "@sumo/tfjs";
import * as tf from "@tensorflow/tfjs";

await tf.setBackend("cpu"); // runs everywhere, and gives the same numbers
const kernel = (seed) => tf.initializers.glorotNormal({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 32, activation: "relu", inputShape: [8], kernelInitializer: kernel(1) }),
    tf.layers.dense({ units: 32, activation: "relu", kernelInitializer: kernel(2) }),
    tf.layers.dense({ units: 3, activation: "softmax", kernelInitializer: kernel(3) }),
  ],
});
const optimizer = new SumoOptimizer({ lr: 0.01, rank: 8 });
model.compile({ optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });

// The class of a point is its largest coordinate of the first three.
const x = tf.randomNormal([256, 8], 0, 1, "float32", 4);
const y = tf.oneHot(tf.argMax(tf.slice(x, [0, 0], [256, 3]), 1), 3);
const { history } = await model.fit(x, y, { epochs: 12, shuffle: false, verbose: 0 });
for (const epoch of [1, 4, 8, 12]) {
  const [loss, accuracy] = [history.loss[epoch - 1], history.acc[epoch - 1]];
  console.log(`epoch ${epoch}: loss ${Number(loss).toFixed(2)}, accuracy ${Number(accuracy).toFixed(2)}`);
}
for (const { name, optimizer: kind, stateFloats } of optimizer.report().parameters)
  console.log(name, kind, stateFloats);
