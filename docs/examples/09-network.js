// # A network by hand
//
// Two hidden layers tell two interleaved spirals apart. A weight is updated as soon as its gradient is known, while
// back-propagation still runs, so one gradient at a time is in memory. SUMO takes the matrix between the layers; AdamW
// the narrow first and last ones.

import { cosine, createOptimizer } from "@sumo/core";
import { fillNormal, matmul, zeros } from "@sumo/linalg";

const [points, width, steps] = [200, 32, 120];
const x = zeros(points, 3, "float32"); // two coordinates, and 1 for the bias
const side = (p) => (p % 2 === 0 ? 1 : -1);
for (let p = 0; p < points; p++) {
  const turn = 0.5 + (6 * p) / points; // in radians
  x.data.set([(side(p) * turn * Math.cos(turn)) / 3, (side(p) * turn * Math.sin(turn)) / 3, 1], 3 * p);
}

/** Changes every number of a matrix. */
const apply = (a, change) => a.data.set(a.data.map(change));
const [first, hidden, last] = [zeros(3, width, "float32"), zeros(width, width, "float32"), zeros(width, 1, "float32")];
fillNormal(first.data, [1, 0, 0]);
fillNormal(hidden.data, [2, 0, 0]);
apply(hidden, (value) => value / Math.sqrt(width));

const lr = cosine({ peak: 0.02, warmup: 10, total: steps });
const parameters = Object.entries({ first, hidden, last }).map(([name, { shape, data }]) => ({ name, shape, data }));
const optimizer = createOptimizer(parameters, [
  { match: "hidden", optimizer: "sumo", lr, rank: 8, layout: "in-out" },
  { optimizer: "adamw", lr, layout: "in-out" },
]);

for (let step = 0; step <= steps; step++) {
  const one = matmul(x, first);
  apply(one, Math.tanh);
  const two = matmul(one, hidden);
  apply(two, Math.tanh);
  const guess = matmul(two, last);
  const right = guess.data.filter((value, p) => value * side(p) > 0).length;
  if (step % 30 === 0) console.log(`step ${step}: ${right} of ${points} points on the right side`);

  // The logistic loss, mean of ln(1 + exp(-side * guess)), backwards.
  apply(guess, (value, p) => -side(p) / (1 + Math.exp(side(p) * value)) / points);
  const dTwo = matmul(guess, last, { transposeB: true });
  optimizer.stepParameter("last", matmul(two, guess, { transposeA: true }));
  apply(dTwo, (value, i) => value * (1 - two.data[i] ** 2));
  const dOne = matmul(dTwo, hidden, { transposeB: true });
  optimizer.stepParameter("hidden", matmul(one, dTwo, { transposeA: true }));
  apply(dOne, (value, i) => value * (1 - one.data[i] ** 2));
  optimizer.stepParameter("first", matmul(x, dOne, { transposeA: true }));
}
