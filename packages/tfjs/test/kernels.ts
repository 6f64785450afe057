import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";

const NAMES = ["BatchMatMul", "UnsortedSegmentSum"];
const kernels = () => NAMES.map((name) => tf.getKernel(name, "wasm"));

/** Sets tfjs's own wasm kernels, or those of fast-wasm; both can be measured, and compared, in one process. */
export type SwitchKernels = (which: "own" | "fast") => void;

/** Imports fast-wasm, once tfjs's own kernels are kept. Call it after `tf.setBackend("wasm")`, which prepares those. */
export async function loadBoth(): Promise<SwitchKernels> {
  const own = kernels();
  await import("../src/fast-wasm/index.ts");
  const fast = kernels();
  return (which) => {
    for (const name of NAMES) if (tf.getKernel(name, "wasm") !== undefined) tf.unregisterKernel(name, "wasm");
    for (const kernel of which === "own" ? own : fast) if (kernel !== undefined) tf.registerKernel(kernel);
  };
}
