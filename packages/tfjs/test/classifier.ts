import * as tf from "@tensorflow/tfjs";

/** A classifier of three layers; the same weights for the same seed. */
export function classifier(seed = 1): tf.Sequential {
  const dense = (units: number, i: number, extra: object) =>
    tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotUniform({ seed: seed + i }), ...extra });
  return tf.sequential({
    layers: [
      dense(16, 0, { activation: "relu", inputShape: [8] }),
      dense(16, 1, { activation: "relu" }),
      dense(3, 2, { activation: "softmax" }),
    ],
  });
}

/** Points of a fixed seed whose class is the largest of their first three coordinates. */
export function labelledPoints(count = 64): { x: tf.Tensor2D; y: tf.Tensor2D } {
  return tf.tidy(() => {
    const x = tf.randomNormal<tf.Rank.R2>([count, 8], 0, 1, "float32", 1);
    const classes = tf.argMax(tf.slice(x, [0, 0], [count, 3]), 1);
    return { x, y: tf.cast(tf.oneHot(classes, 3), "float32") as tf.Tensor2D };
  });
}

/** The values of a model's weights. */
export function valuesOf(model: tf.LayersModel): Float32Array[] {
  return model.getWeights().map((weight) => weight.dataSync<"float32">().slice());
}

/** What `model.save` with the optimizer writes. */
export async function saved(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let kept: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    kept = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
  });
  await model.save(handler, { includeOptimizer: true });
  // A file is text and bytes, so nothing but those may count.
  return { ...JSON.parse(JSON.stringify({ ...kept, weightData: undefined })), weightData: kept!.weightData! };
}
