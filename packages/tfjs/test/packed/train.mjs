// Trains a model on `backend` and prints a digest of its weights: for six epochs in one go, or for three and, in another process, three more.
import "@sumo/tfjs/fast-wasm";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { SumoOptimizer } from "@sumo/tfjs";
import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";

const [backend, epochs, load, save] = process.argv.slice(2);
setThreadsCount(1);
await tf.setBackend(backend);

const dense = (units, seed, options) =>
  tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotUniform({ seed }), ...options });
const created = () => {
  const model = tf.sequential({
    layers: [
      dense(16, 1, { activation: "relu", inputShape: [8] }),
      dense(16, 2, { activation: "relu" }),
      dense(3, 3, {}),
    ],
  });
  const optimizer = new SumoOptimizer({ lr: 0.02, rank: 4, refresh: { every: 5 } });
  model.compile({ optimizer, loss: "meanSquaredError" });
  return model;
};
const loaded = (file) => {
  const { weightData, ...artifacts } = JSON.parse(readFileSync(file, "utf8"));
  const bytes = new Uint8Array(Buffer.from(weightData, "base64")).buffer;
  return tf.loadLayersModel(tf.io.fromMemory({ ...artifacts, weightData: bytes }));
};

const model = load === "-" ? created() : await loaded(load);
const x = tf.randomNormal([64, 8], 0, 1, "float32", 1);
await model.fit(x, tf.slice(x, [0, 0], [64, 3]), { epochs: Number(epochs), batchSize: 16, shuffle: false, verbose: 0 });
if (save !== "-") {
  const handler = tf.io.withSaveHandler(async ({ weightData, ...artifacts }) => {
    writeFileSync(save, JSON.stringify({ ...artifacts, weightData: Buffer.from(weightData).toString("base64") }));
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  });
  await model.save(handler, { includeOptimizer: true });
}
const digest = createHash("sha256");
for (const weight of model.getWeights()) digest.update(weight.dataSync());
process.stdout.write(digest.digest("hex"));
