/**
 * Importing this makes training on tfjs's wasm backend several times faster, for every optimizer and model: matrix products with
 * transposes and in batches run at full speed, and embeddings can be trained at all.
 *
 * It may come before or after `tf.setBackend("wasm")`.
 */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import { batchMatMul } from "./batch-matmul.ts";
import { unsortedSegmentSum } from "./unsorted-segment-sum.ts";

const KERNELS: Readonly<Record<string, tf.KernelFunc>> = {
  BatchMatMul: batchMatMul,
  UnsortedSegmentSum: unsortedSegmentSum,
};

for (const [kernelName, kernelFunc] of Object.entries(KERNELS)) {
  const own = tf.getKernel(kernelName, "wasm");
  if (own !== undefined) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc });
}
