// # What training changed, as a LoRA adapter
//
// Two hundred steps of SUMO change a weight. `extractAdapter` factors the change, b a, at the rank that keeps 99 % of
// its energy, and `peftFiles` writes what Hugging Face's PEFT loads.

import { cosine, createOptimizer, extractAdapter, mergeAdapter, peftFiles } from "@sumo/core";

const [out, inputs] = [32, 48];
const base = { shape: [out, inputs], data: Float32Array.from({ length: out * inputs }, (_, i) => Math.sin(i * i)) };
// The weight should move by a matrix of rank two.
const wanted = base.data.map((w, k) => {
  const [i, j] = [Math.floor(k / inputs), k % inputs];
  return w + Math.sin(i) * Math.cos(j) + 0.5 * Math.cos(i * i) * Math.sin(j * j);
});

const tuned = { shape: base.shape, data: base.data.slice() };
const optimizer = createOptimizer([{ name: "w", ...tuned }], {
  optimizer: "sumo",
  lr: cosine({ peak: 0.2, warmup: 0, total: 200 }),
  rank: 4,
});
for (let step = 0; step < 200; step++) {
  const gradient = tuned.data.map((w, i) => w - wanted[i]);
  optimizer.stepParameter("w", gradient);
}

for (const rank of [1, 2, 4]) {
  const { a, b, energyKept } = extractAdapter(base, tuned, { rank });
  const kept = (100 * energyKept).toFixed(2);
  console.log(`rank ${rank}: ${a.length + b.length} of ${out * inputs} numbers keep ${kept} %`);
}

const adapter = extractAdapter(base, tuned, { energy: 0.99 });
const merged = mergeAdapter(base, adapter);
const error = Math.hypot(...merged.map((w, i) => w - tuned.data[i])) / Math.hypot(...tuned.data);
console.log("for 99 %: rank", adapter.rank, "and a relative error of", error.toFixed(4));

const files = peftFiles({ "model.layers.0.mlp.up_proj.weight": adapter }, { baseModel: "my-base" });
for (const [name, content] of Object.entries(files)) console.log(name, content.length, "bytes");
