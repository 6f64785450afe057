// What a user's compiler sees of the published packages.
import "@sumo/tfjs/fast-wasm";
import { numpy as np } from "@jax-js/jax";
import { transformation } from "@sumo/jax";
import { AdamWOptimizer, type CoreOptimizer, GaLoreOptimizer, MuonOptimizer, SumoOptimizer } from "@sumo/tfjs";
import * as tf from "@tensorflow/tfjs";

const optimizers: CoreOptimizer[] = [
  new SumoOptimizer({ lr: 0.01, rank: 8, orthogonalize: "device", hidden: /kernel/ }),
  new MuonOptimizer({ lr: 0.01 }),
  new GaLoreOptimizer({ lr: 0.01, rank: 8 }),
  new AdamWOptimizer({ lr: 0.01 }),
];
const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
for (const optimizer of optimizers) model.compile({ optimizer, loss: "meanSquaredError" });
export const bytes: number = optimizers[0]!.plan([{ name: "w", shape: [64, 64] }]).stateBytes;
// @ts-expect-error there is no such option
export const wrong: CoreOptimizer = new SumoOptimizer({ lr: 0.01, rnak: 8 });
export const updates: np.Array = (() => {
  const solver = transformation({ optimizer: "sumo", lr: 0.01 });
  return solver.update(np.ones([2, 2]), solver.init(np.ones([2, 2])), np.ones([2, 2]))[0];
})();
