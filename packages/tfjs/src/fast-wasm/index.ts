/**
 * Registers two kernels for tfjs's wasm backend when imported, before or after `tf.setBackend("wasm")`: matrix products with transposes and
 * batches, and the gradient of `tf.gather`, which embeddings need.
 *
 * @module
 */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
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
