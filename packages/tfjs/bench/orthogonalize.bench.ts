import * as tf from "@tensorflow/tfjs";
import { bench, describe } from "vitest";
import { SumoOptimizer } from "../src/index.ts";

const inNode = typeof document === "undefined";
if (!inNode) await import("@tensorflow/tfjs-backend-webgpu");
const use = async (name: string) => {
  if (inNode) return (await import("../test/backend.ts")).useBackend(name);
  await tf.setBackend(name);
};

const FEW = { warmupIterations: 2, iterations: 10, time: 0, warmupTime: 0 } as const;

// One step of a 512 x 512 matrix at rank 32, between refreshes; run it in Node, and in the browser.
describe.each(inNode ? ["cpu", "wasm"] : ["webgl", "webgpu"])("a step on %s", (backend) => {
  for (const orthogonalize of ["exact", "device", "muon"] as const) {
    let step: () => Promise<void>;
    const setup = async () => {
      await use(backend);
      const weight = tf.variable(tf.zeros([512, 512]));
      const gradient = tf.randomNormal([512, 512], 0, 1, "float32", 1);
      const optimizer = new SumoOptimizer({ lr: 0.01, rank: 32, orthogonalize, refresh: { every: 1000 } });
      step = async () => {
        optimizer.applyGradients({ [weight.name]: gradient });
        // Waits for the device.
        await tf.sum(weight).data();
      };
    };
    bench(orthogonalize, () => step(), { ...FEW, setup });
  }
});
