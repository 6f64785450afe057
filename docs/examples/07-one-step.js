// # One step of SUMO
//
// The gradient's subspace, a moment in it, the moment's polar factor, back to the weight. Without the residual the
// update has exactly r singular values, all alike, however unequal the gradient's are.

import { createOptimizer } from "@sumo/core";
import { matrix, svdvals } from "@sumo/linalg";

const [m, n, rank] = [24, 32, 4];
// Four directions of strength 1, 0.1, 0.01, 0.001, more or less.
const gradient = Float32Array.from({ length: m * n }, (_, k) => {
  const [i, j] = [Math.floor(k / n), k % n];
  return [1, 2, 3, 4].reduce((sum, d) => sum + 10 ** (1 - d) * Math.sin(d * i * i + d) * Math.cos(d * j * j), 0);
});
const spectrum = (data) => Array.from(svdvals(matrix(m, n, data)).subarray(0, rank + 1), (value) => value.toFixed(3));
console.log("gradient:", spectrum(gradient).join(" "));

const w = new Float32Array(m * n);
const optimizer = createOptimizer([{ name: "w", shape: [m, n], data: w }], {
  optimizer: "sumo",
  lr: 1,
  rank,
  residual: "off",
  scale: "none",
});
optimizer.on("refresh", ({ captured }) =>
  console.log("the subspace holds", (100 * captured).toFixed(1), "% of the energy"),
);
optimizer.stepParameter("w", gradient);
console.log("update:  ", spectrum(w).join(" "));
console.log("numbers kept:", optimizer.report().stateFloats, "= r (m + n), where AdamW keeps", 2 * m * n);
