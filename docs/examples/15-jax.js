// # SUMO in jax-js
//
// The adapter has optax's shape: `init` and `update`, and the state is a value. Functions of jax-js use their arguments
// up; `tree.ref` keeps one for later.

import { defaultDevice, init, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { applyUpdates, transformation } from "@sumo/jax";

await init("wasm");
defaultDevice("wasm");
const x = np.array(
  Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * i)),
  { shape: [64, 8] },
);
const target = np.array(
  Float32Array.from({ length: 128 }, (_, i) => Math.cos(3 * i * i)),
  { shape: [8, 16] },
);
/** @param {{ kernel: np.Array }} params */
const loss = ({ kernel }) => np.square(np.matmul(x.ref, kernel.sub(target.ref))).mean();

const solver = transformation({ optimizer: "sumo", lr: 0.05, rank: 4 });
let params = { kernel: np.zeros([8, 16]) };
let state = solver.init(tree.ref(params));
for (let step = 0; step <= 60; step++) {
  const [value, gradients] = valueAndGrad(loss)(tree.ref(params));
  const [updates, next] = solver.update(gradients, state, tree.ref(params));
  params = applyUpdates(params, updates);
  state = next;
  if (step % 20 === 0) console.log("step", step, "loss", value.item().toFixed(3));
}
const { name, optimizer, stateFloats } = state.report().parameters[0];
console.log(name, optimizer, "keeps", stateFloats, "numbers");
