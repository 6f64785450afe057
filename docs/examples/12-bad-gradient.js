// # When a gradient is not a number
//
// One NaN in a gradient would be in every weight a step later. An optimizer refuses it before anything is written;
// `linalg` says where it found one. A long run may prefer to skip such gradients and count them.

import { createOptimizer, NonFiniteGradientError } from "@sumo/core";
import { LinalgError, matrix, svd } from "@sumo/linalg";

const w = new Float32Array(16).fill(1);
const parameter = { name: "w", shape: [4, 4], data: w };
const bad = new Float32Array(16).fill(0.1);
bad[6] = Number.NaN;

try {
  createOptimizer([parameter], { optimizer: "sumo", lr: 0.1 }).stepParameter("w", bad);
} catch (error) {
  if (!(error instanceof NonFiniteGradientError)) throw error;
  console.log(error.message);
}
const unchanged = w.every((value) => value === 1);
console.log("unchanged:", unchanged);

const patient = createOptimizer([parameter], { optimizer: "sumo", lr: 0.1 }, { onNonFinite: "skip" });
patient.on("alarm", ({ kind, parameter }) => console.log("alarm:", kind, "in", parameter));
patient.stepParameter("w", bad);
console.log("skipped:", patient.counters.skipped);

try {
  svd(matrix(4, 4, bad));
} catch (error) {
  if (!(error instanceof LinalgError)) throw error;
  console.log(error.code, error.message);
}
