import { createOptimizer } from "@sumo/core";
import { type Gpu, matmul, norm, scale, subtract, tanh, tanhBackward } from "@sumo/gpu";
import { gpuBackend } from "@sumo/gpu/backend";

/** A network of 8 inputs, 32 hidden units and 4 outputs learns from 64 points; all of it lives on the GPU. Returns the losses. */
export function trainNetwork(gpu: Gpu, steps: number): number[] {
  const [points, inputs, hidden, outputs] = [64, 8, 32, 4];
  const waves = (rows: number, cols: number, speed: number) =>
    gpu.tensor(
      Float32Array.from({ length: rows * cols }, (_, i) => Math.sin(speed * i * i)),
      rows,
      cols,
    );

  return gpu.scope(() => {
    const x = waves(points, inputs, 1);
    const y = tanh(matmul(x, waves(inputs, outputs, 2)));
    const w1 = scale(0.5, waves(inputs, hidden, 3));
    const w2 = scale(0.2, waves(hidden, outputs, 5));
    const optimizer = createOptimizer(
      [
        { name: "w1", shape: [inputs, hidden], data: w1 },
        { name: "w2", shape: [hidden, outputs], data: w2 },
      ],
      { optimizer: "sumo", lr: 0.02, rank: 4 },
      { backend: gpuBackend(gpu) },
    );
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      gpu.scope(() => {
        const h = tanh(matmul(x, w1));
        const error = subtract(matmul(h, w2), y);
        losses.push(norm(error) ** 2 / points);
        const delta = scale(2 / points, error);
        const inner = tanhBackward(matmul(delta, w2, { transposeB: true }), h);
        optimizer.step({
          w1: matmul(x, inner, { transposeA: true }),
          w2: matmul(h, delta, { transposeA: true }),
        });
      });
    }
    optimizer.dispose();
    return losses;
  });
}
