import { createOptimizer, type OptimizerOptions, plan } from "@sumo/core";
import { backendContract } from "@sumo/core/testing";
import { zeros } from "@sumo/linalg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gpuBackend } from "../src/backend.ts";
import { createGpu, type Gpu, type GpuMode, type GpuTensor, matmul, scale, subtract } from "../src/index.ts";
import { distance, largest, normal } from "./matrices.ts";

const OPTIONS: readonly OptimizerOptions[] = [
  { optimizer: "sumo", lr: 0.1, rank: 3, refresh: { every: 4 }, weightDecay: 0.01 },
  { optimizer: "sumo", lr: 0.1, rank: 3, orthogonalize: "polar-express", residual: "off" },
  { optimizer: "muon", lr: 0.1, orthogonalize: "exact" },
  { optimizer: "muon", lr: 0.1, orthogonalize: "polar-express", cautious: true, weightDecay: 0.01 },
  { optimizer: "adamw", lr: 0.1, weightDecay: 0.01 },
  { optimizer: "galore", lr: 0.1, rank: 3 },
];

export function describeBackend(mode: GpuMode): void {
  describe(`the backend on ${mode}`, () => {
    let gpu: Gpu;
    beforeAll(async () => {
      gpu = await createGpu({ mode });
    });
    afterAll(() => {
      expect(gpu.memory.tensors).toBe(0);
      gpu.dispose();
    });

    test.each(backendContract.map(({ name, run }) => [name, run] as const))("%s", (_, run) => {
      gpu.scope(() =>
        run({
          backend: gpuBackend(gpu),
          source: (values, rows, cols) => gpu.tensor(values, rows, cols),
          values: (source) => source.read(),
        }),
      );
    });

    test.each(OPTIONS.map((options) => [JSON.stringify(options), options] as const))(
      "ten steps of %s are those of linalg's backend",
      (_, options) => {
        gpu.scope(() => {
          const [rows, cols] = [9, 14];
          const parameter = { name: "w", shape: [rows, cols] };
          const start = Float32Array.from(normal(rows, cols, 1).data);
          const w = gpu.tensor(start, rows, cols);
          const onCpu = createOptimizer([{ ...parameter, data: start }], options);
          const before = gpu.memory;
          const onGpu = createOptimizer([{ ...parameter, data: w }], options, { backend: gpuBackend(gpu) });
          expect(onGpu.report().backend).toBe(`gpu/${mode}`);
          const stateBytes = plan([parameter], options, { sizes: gpuBackend(gpu).sizes }).stateBytes;
          expect(gpu.memory.bytes - before.bytes).toBe(stateBytes);
          for (let step = 0; step < 10; step++) {
            const gradient = Float32Array.from(normal(rows, cols, 2).data, (x, i) => x + normalAt(step, i));
            onCpu.stepParameter("w", gradient);
            gpu.scope(() => onGpu.stepParameter("w", gpu.tensor(gradient, rows, cols)));
          }
          // A rounding of float32 in every step, multiplied by what the polar factor or the quotient of AdamW amplifies.
          const moved = 10 * 0.1 * (1 + largest(start));
          expect(distance(w.read(), start)).toBeLessThanOrEqual(2 ** 10 * 2 ** -23 * moved);
          onGpu.dispose();
          onCpu.dispose();
          expect(gpu.memory.tensors).toBe(before.tensors);
        });
      },
    );

    test("a state is saved here and taken up there", () => {
      gpu.scope(() => {
        const options = { optimizer: "sumo", lr: 0.1, rank: 2 } as const;
        const make = (): { w: GpuTensor; optimizer: ReturnType<typeof createOptimizer<GpuTensor, GpuTensor>> } => {
          const w = gpu.tensor(normal(6, 8, 1));
          return {
            w,
            optimizer: createOptimizer([{ name: "w", shape: [6, 8], data: w }], options, { backend: gpuBackend(gpu) }),
          };
        };
        const [first, second] = [make(), make()];
        first.optimizer.stepParameter("w", gpu.tensor(normal(6, 8, 2)));
        second.optimizer.load(first.optimizer.save());
        gpu.copy(second.w, first.w);
        for (const { optimizer } of [first, second]) optimizer.stepParameter("w", gpu.tensor(normal(6, 8, 3)));
        expect(second.w.read()).toEqual(first.w.read());
        for (const { optimizer } of [first, second]) optimizer.dispose();
      });
    });

    test.each([
      ["exact", "off"],
      ["device", "fira"],
    ] as const)(
      "a warm step of SUMO, polar %s, residual %s, takes no new memory and reads back once",
      (polar, residual) => {
        gpu.scope(() => {
          const [rows, cols] = [32, 48];
          const w = gpu.tensor(zeros(rows, cols));
          const options = { optimizer: "sumo", lr: 0.1, rank: 4, refresh: { every: 1000 }, residual } as const;
          const backend = gpuBackend(gpu, { polar });
          const optimizer = createOptimizer([{ name: "w", shape: [rows, cols], data: w }], options, { backend });
          const step = (): void => gpu.scope(() => optimizer.stepParameter("w", gpu.tensor(normal(rows, cols, 1))));
          for (let i = 0; i < 3; i++) step();
          const [memory, readBacks] = [gpu.memory, gpu.readBacks];
          step();
          expect(gpu.readBacks).toBe(readBacks + 1);
          expect(gpu.memory).toEqual(memory);
          optimizer.dispose();
        });
      },
    );

    test("a gradient made on the GPU trains as well", () => {
      gpu.scope(() => {
        // W minimizes ‖W X − Y‖² / 2; the gradient is (W X − Y) Xᵀ.
        const [w, x] = [gpu.zeros(6, 5), gpu.tensor(normal(5, 12, 1))];
        const y = matmul(gpu.tensor(normal(6, 5, 2)), x);
        const optimizer = createOptimizer(
          [{ name: "w", shape: [6, 5], data: w }],
          { optimizer: "sumo", lr: 0.1, rank: 3, refresh: { every: 5 } },
          { backend: gpuBackend(gpu) },
        );
        const miss = (): number => gpu.scope(() => largest(subtract(matmul(w, x), y).read()));
        const first = miss();
        for (let i = 0; i < 60; i++) {
          gpu.scope(() => {
            const delta = scale(1 / 12, subtract(matmul(w, x), y));
            optimizer.stepParameter("w", matmul(delta, x, { transposeB: true }));
          });
        }
        expect(miss()).toBeLessThan(first / 2);
        optimizer.dispose();
      });
    });
  });
}

/** Noise that differs from step to step. */
const normalAt = (step: number, i: number): number => Math.fround(Math.sin(13 * step + 7 * i));
