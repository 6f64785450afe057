// # A regression: SUMO beside AdamW
//
// One matrix, 256 points, a schedule that decays to zero: the two optimizers differ in one line of options, and in what
// they keep. Which one ends lower depends on the task; that SUMO keeps less does not.

import { cosine, createOptimizer } from "@sumo/core";
import { fillNormal, matmul, norm, zeros } from "@sumo/linalg";

const [points, inputs, outputs, steps] = [256, 48, 32, 300];
const x = zeros(points, inputs, "float32");
const target = zeros(inputs, outputs, "float32");
fillNormal(x.data, [1, 0, 0]);
fillNormal(target.data, [2, 0, 0]);
const y = matmul(x, target);

const schedule = (peak) => cosine({ peak, warmup: 10, total: steps });
const contestants = /** @type {const} */ ([
  { optimizer: "sumo", lr: schedule(0.4), rank: 8 },
  { optimizer: "adamw", lr: schedule(0.2) },
]);
for (const options of contestants) {
  const w = zeros(inputs, outputs, "float32");
  const optimizer = createOptimizer([{ name: "w", shape: [inputs, outputs], data: w.data }], options);
  const losses = [];
  for (let step = 0; step < steps; step++) {
    const error = matmul(x, w);
    error.data.set(error.data.map((value, i) => value - y.data[i]));
    if (step % 100 === 0 || step === steps - 1) losses.push(norm(error) ** 2 / points);
    optimizer.stepParameter("w", matmul(x, error, { transposeA: true })); // but for a factor, which both ignore
  }
  const { stateFloats } = optimizer.report();
  const shown = losses.map((loss) => loss.toFixed(4)).join(" -> ");
  console.log(`${options.optimizer}: ${shown}, ${stateFloats} numbers kept`);
}
