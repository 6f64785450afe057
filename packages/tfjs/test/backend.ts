import * as tf from "@tensorflow/tfjs";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";

/** The tfjs backends that run in Node without a GPU. */
export const NODE_BACKENDS = ["cpu", "wasm"] as const;

/** Makes `name` the current backend. */
export async function useBackend(name: string): Promise<void> {
  // Several threads would sum in an order that differs from run to run.
  if (name === "wasm") setThreadsCount(1);
  if (!(await tf.setBackend(name))) throw new Error(`tfjs has no backend ${name} here`);
  await tf.ready();
}
