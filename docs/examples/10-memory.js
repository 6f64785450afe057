// # Memory, before anything is allocated
//
// `plan` says what an optimizer will keep for a list of shapes. Here are the hidden matrices of a LLaMA with a billion
// weights: nothing of that size is made.

import { plan } from "@sumo/core";

const [dim, hidden, layers] = [2048, 5461, 24];
const shapes = Array.from({ length: layers }, (_, layer) => [
  ...["q", "k", "v", "o"].map((name) => ({ name: `${layer}.${name}`, shape: [dim, dim] })),
  { name: `${layer}.gate`, shape: [hidden, dim] },
  { name: `${layer}.up`, shape: [hidden, dim] },
  { name: `${layer}.down`, shape: [dim, hidden] },
]).flat();
const weights = shapes.reduce((sum, { shape: [m, n] }) => sum + m * n, 0);
console.log((weights / 1e6).toFixed(0), "million weights");

const lr = 1e-3;
const contestants = /** @type {const} */ ([
  { optimizer: "adamw", lr },
  { optimizer: "muon", lr },
  { optimizer: "galore", lr, rank: 512 },
  { optimizer: "sumo", lr, rank: 512 },
  { optimizer: "sumo", lr, rank: 128 },
]);
for (const options of contestants) {
  const { stateBytes, stateFloats } = plan(shapes, options);
  const name = `${options.optimizer}${"rank" in options ? ` of rank ${options.rank}` : ""}`;
  const gigabytes = (stateBytes / 2 ** 30).toFixed(2);
  console.log(`${name.padEnd(19)} ${gigabytes} GiB, ${(stateFloats / weights).toFixed(2)} numbers a weight`);
}
