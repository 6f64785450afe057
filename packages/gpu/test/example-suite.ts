import { createOptimizer } from "@sumo/core";
import { type Matrix, matmul, matrix, transpose, zeros } from "@sumo/linalg";
import { afterAll, describe, expect, test } from "vitest";
import { trainNetwork } from "../examples/train-network.ts";
import { createGpu, type Gpu, type GpuMode } from "../src/index.ts";

const STEPS = 25;

type Single = Matrix<Float32Array>;

const waves = (rows: number, cols: number, speed: number, factor = 1): Single =>
  matrix(
    rows,
    cols,
    Float32Array.from({ length: rows * cols }, (_, i) => factor * Math.fround(Math.sin(speed * i * i))),
  );

function map(f: (...values: number[]) => number, ...operands: Single[]): Single {
  const out = zeros(operands[0]!.shape[0], operands[0]!.shape[1], "float32");
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(...operands.map(({ data }) => data[i]!));
  return out;
}

/** The example on the CPU: `@sumo/linalg` and the default backend. */
function trainOnCpu(steps: number): number[] {
  const [points, inputs, hidden, outputs] = [64, 8, 32, 4];
  const x = waves(points, inputs, 1);
  const y = map(Math.tanh, matmul(x, waves(inputs, outputs, 2)));
  const [w1, w2] = [waves(inputs, hidden, 3, 0.5), waves(hidden, outputs, 5, 0.2)];
  const optimizer = createOptimizer(
    [
      { name: "w1", shape: [inputs, hidden], data: w1.data },
      { name: "w2", shape: [hidden, outputs], data: w2.data },
    ],
    { optimizer: "sumo", lr: 0.02, rank: 4 },
  );
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const h = map(Math.tanh, matmul(x, w1));
    const error = map((a, b) => a - b, matmul(h, w2), y);
    losses.push(error.data.reduce((sum, value) => sum + value * value, 0) / points);
    const delta = map((value) => (2 / points) * value, error);
    const inner = map((g, value) => g * (1 - value * value), matmul(delta, transpose(w2)), h);
    optimizer.step({ w1: matmul(transpose(x), inner), w2: matmul(transpose(h), delta) });
  }
  optimizer.dispose();
  return losses;
}

/** The network of the README learns on every mode as it does on the CPU. */
export function describeExample(modes: readonly GpuMode[]): void {
  describe("a network trained on the GPU alone", () => {
    const expected = trainOnCpu(STEPS);
    let gpu: Gpu | undefined;
    afterAll(() => gpu?.dispose());

    test("learns on the CPU", () => {
      expect(expected.at(-1)).toBeLessThan(expected[0]! / 3);
    });

    test.each(modes)("has linalg's losses on %s", async (mode) => {
      gpu?.dispose();
      gpu = await createGpu({ mode });
      const losses = trainNetwork(gpu, STEPS);
      expect(gpu.memory.tensors).toBe(0);
      // A step adds a few hundred float32 roundings to the error of the steps before.
      losses.forEach((loss, step) => {
        expect(Math.abs(loss - expected[step]!)).toBeLessThanOrEqual((step + 1) * 2 ** 8 * 2 ** -24 * expected[0]!);
      });
    });
  });
}
