import { createOptimizer, type OptimizerOptions } from "@sumo/core";
import { createGpu, type GpuMode, scale } from "@sumo/gpu";
import { gpuBackend } from "@sumo/gpu/backend";
import { currentEngine } from "@sumo/linalg";
import type { Contender } from "./measure.ts";
import { settle } from "./products.ts";

const [ROWS, COLS] = [1024, 1024];
const parameter = { name: "w", shape: [ROWS, COLS] };
const gradient = Float32Array.from({ length: ROWS * COLS }, () => 2 * Math.random() - 1);

async function onGpu(mode: GpuMode, polar: "exact" | "device", options: OptimizerOptions): Promise<Contender> {
  const gpu = await createGpu({ mode });
  const [w, g] = [gpu.zeros(ROWS, COLS), gpu.tensor(gradient, ROWS, COLS)];
  const optimizer = createOptimizer([{ ...parameter, data: w }], options, { backend: gpuBackend(gpu, { polar }) });
  // A gradient computed on the GPU, whose norm is unknown.
  const step = (): void => gpu.scope(() => optimizer.stepParameter("w", scale(1, g)));
  step();
  const before = gpu.readBacks;
  step();
  const readBacks = gpu.readBacks - before;
  return {
    name: `@sumo/gpu ${mode}, polar ${polar}, ${readBacks} read-back${readBacks === 1 ? "" : "s"}`,
    job: () => {
      step();
      settle(gpu, w);
    },
    dispose: () => gpu.dispose(),
  };
}

function onCpu(options: OptimizerOptions): Contender {
  const { heap } = currentEngine();
  const [w, g] = [heap.float32(ROWS * COLS), heap.float32(ROWS * COLS)];
  g.set(gradient);
  const optimizer = createOptimizer([{ ...parameter, data: w }], options);
  return {
    name: "@sumo/linalg",
    job: () => optimizer.stepParameter("w", g),
    dispose: () => {
      optimizer.dispose();
      heap.release(w);
      heap.release(g);
    },
  };
}

/** Steps of an optimizer for a 1024 × 1024 layer; the subspace is refreshed before the clock starts. */
export async function stepContenders(options: OptimizerOptions, modes: readonly GpuMode[]): Promise<Contender[]> {
  const places = options.optimizer === "sumo" ? (["exact", "device"] as const) : (["exact"] as const);
  const contenders: Contender[] = [];
  for (const mode of modes) for (const place of places) contenders.push(await onGpu(mode, place, options));
  return [...contenders, onCpu(options)];
}
