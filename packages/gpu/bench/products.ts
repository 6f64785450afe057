import { createGpu, type Gpu, type GpuMode, type GpuTensor, matmulInto, slice } from "@sumo/gpu";
import { matmul as matmulOnCpu, matrix } from "@sumo/linalg";
import * as tf from "@tensorflow/tfjs";
import type { Contender } from "./measure.ts";
import { naiveProduct } from "./naive.ts";

const random = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * Math.random() - 1);

/** Reading one element waits for everything before it. */
export const settle = (gpu: Gpu, a: GpuTensor): void => {
  gpu.scope(() => slice(a, { rows: [0, 1], cols: [0, 1] }).read());
};

async function onGpu(mode: GpuMode, n: number): Promise<Contender> {
  const gpu = await createGpu({ mode });
  const [a, b, c] = [gpu.tensor(random(n * n), n, n), gpu.tensor(random(n * n), n, n), gpu.zeros(n, n)];
  return {
    name: `@sumo/gpu ${mode}`,
    job: () => settle(gpu, matmulInto(c, a, b)),
    dispose: () => gpu.dispose(),
  };
}

async function onTfjs(backend: string, n: number): Promise<Contender> {
  await tf.setBackend(backend);
  const [a, b] = [tf.tensor2d(random(n * n), [n, n]), tf.tensor2d(random(n * n), [n, n])];
  return {
    name: `tfjs ${backend}`,
    job: async () => {
      await tf.setBackend(backend);
      tf.tidy(() => tf.slice(tf.matMul(a, b), [0, 0], [1, 1]).dataSync());
    },
    dispose: async () => {
      await tf.setBackend(backend);
      tf.dispose([a, b]);
    },
  };
}

function onCpu(n: number): Contender {
  const [a, b] = [matrix(n, n, random(n * n)), matrix(n, n, random(n * n))];
  return { name: "@sumo/linalg", job: () => void matmulOnCpu(a, b), dispose: () => {} };
}

/** n × n products. */
export async function productContenders(
  n: number,
  modes: readonly GpuMode[],
  backends: readonly string[],
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const mode of modes) contenders.push(await onGpu(mode, n));
  contenders.push(await naiveProduct(n, random(n * n), random(n * n)));
  for (const backend of backends) contenders.push(await onTfjs(backend, n));
  return [...contenders, onCpu(n)];
}
