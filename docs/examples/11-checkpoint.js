// # Stop, and go on
//
// `save` gives the optimizer's state as a safetensors file, which Python can read too. A resumed run equals an
// uninterrupted one, bit for bit: the random numbers of a refresh are named by seed, parameter and refresh, so there is
// no generator to save.

import { CheckpointError, createOptimizer } from "@sumo/core";

const shape = [24, 16];
const create = (data, rank = 4) =>
  createOptimizer([{ name: "w", shape, data }], { optimizer: "sumo", lr: 0.01, rank, refresh: { every: 5 } });
const gradient = (step) => Float32Array.from({ length: 24 * 16 }, (_, i) => Math.sin((step + 1) * i * i));

const through = new Float32Array(24 * 16);
const uninterrupted = create(through);
for (let step = 0; step < 20; step++) uninterrupted.stepParameter("w", gradient(step));

const w = new Float32Array(24 * 16);
const first = create(w);
for (let step = 0; step < 7; step++) first.stepParameter("w", gradient(step));
const file = first.save();
first.dispose();
console.log("saved", file.length, "bytes after step 7");

const second = create(w); // the weights are ours, and where they were
second.load(file);
for (let step = 7; step < 20; step++) second.stepParameter("w", gradient(step));
const same = w.every((value, i) => value === through[i]);
console.log("equal bits:", same);

// A file of another run is refused, and nothing is changed.
try {
  create(w, 8).load(file);
} catch (error) {
  if (!(error instanceof CheckpointError)) throw error;
  console.log("refused:", error.message);
}
