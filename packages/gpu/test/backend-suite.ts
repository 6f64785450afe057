import { createOptimizer, NonFiniteGradientError, type OptimizerOptions, plan } from "@sumo/core";
import { backendContract } from "@sumo/core/testing";
import { norm as normOnCpu } from "@sumo/linalg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gpuBackend } from "../src/backend/backend.ts";
import {
  createGpu,
  type Gpu,
  type GpuMode,
  type GpuTensor,
  matmul,
  norm,
  scale,
  scaledAdd,
  subtract,
} from "../src/index.ts";
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
          const [rms, want] = [onGpu, onCpu].map((optimizer) => optimizer.report().parameters[0]!.updateRms);
          if (want !== undefined) expect(Math.abs(rms! / want - 1)).toBeLessThanOrEqual(2 ** 10 * 2 ** -23);
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

    const steps = (["exact", "device"] as const).flatMap((polar) =>
      (["fira", "off", "joint", "raw"] as const).flatMap((residual) =>
        (["uploaded", "made on the GPU"] as const).map((source) => [polar, residual, source] as const),
      ),
    );

    test.each(steps)(
      "a warm step of SUMO, polar %s, residual %s, gradient %s, reads back as often as it should, and takes no new memory",
      (polar, residual, source) => {
        for (const [rows, cols] of [
          [32, 46],
          [46, 31],
        ] as const) {
          gpu.scope(() => {
            const w = gpu.zeros(rows, cols);
            const options = { optimizer: "sumo", lr: 0.1, rank: 4, refresh: { every: 1000 }, residual } as const;
            const backend = gpuBackend(gpu, { polar });
            const optimizer = createOptimizer([{ name: "w", shape: [rows, cols], data: w }], options, { backend });
            const step = (size: number): void =>
              gpu.scope(() => {
                const g = gpu.tensor(normal(rows, cols, size));
                optimizer.stepParameter("w", source === "uploaded" ? g : scaledAdd(size, g, 0.1, g));
              });
            for (let i = 1; i < 4; i++) step(i);
            const [memory, readBacks] = [gpu.memory, gpu.readBacks];
            step(4);
            // The norm of an update with an unscaled residual does not follow from known norms.
            expect(gpu.readBacks).toBe(readBacks + (polar === "exact" && residual === "raw" ? 2 : 1));
            expect(gpu.memory).toEqual(memory);
            optimizer.dispose();
          });
        }
      },
    );

    test.each([
      ["exact", "fira"],
      ["exact", "off"],
      ["device", "fira"],
      ["device", "off"],
    ] as const)(
      "polar %s, residual %s: a bad gradient from the GPU is refused, and nothing has changed",
      (polar, residual) => {
        gpu.scope(() => {
          const w = gpu.tensor(normal(9, 14, 1));
          const options = { optimizer: "sumo", lr: 0.1, rank: 3, residual } as const;
          const backend = gpuBackend(gpu, { polar });
          const optimizer = createOptimizer([{ name: "w", shape: [9, 14], data: w }], options, { backend });
          for (let i = 1; i < 3; i++) optimizer.stepParameter("w", gpu.tensor(normal(9, 14, i)));
          const [weights, state, { tensors }] = [w.read(), optimizer.save(), gpu.memory];
          for (const bad of [Number.NaN, Infinity]) {
            const spoiled = Float32Array.from(normal(9, 14, 3).data);
            spoiled[33] = bad;
            const refused = (): void =>
              gpu.scope(() => {
                const g = gpu.tensor(spoiled, 9, 14);
                optimizer.stepParameter("w", scaledAdd(1, g, 1, g));
              });
            expect(refused).toThrow(NonFiniteGradientError);
          }
          expect(w.read()).toEqual(weights);
          expect(optimizer.save()).toEqual(state);
          expect(gpu.memory.tensors).toBe(tensors);
          optimizer.dispose();
        });
      },
    );

    test("the gradients of several parameters are checked with one read-back", () => {
      gpu.scope(() => {
        const shapes: readonly (readonly [rows: number, cols: number])[] = [
          [5, 7],
          [1, 300],
          [40, 3],
        ];
        const parameters = shapes.map((shape, i) => ({ name: String(i), shape, data: gpu.zeros(...shape) }));
        const backend = gpuBackend(gpu);
        const optimizer = createOptimizer(parameters, { optimizer: "adamw", lr: 0.1 }, { backend });
        const gradients = shapes.map(([rows, cols], i) => scale(0.5, gpu.tensor(normal(rows, cols, i))));
        const before = gpu.readBacks;
        optimizer.step(Object.fromEntries(gradients.map((gradient, i) => [String(i), gradient])));
        expect(gpu.readBacks).toBe(before + 1);
        gradients.forEach((gradient, i) => {
          const want = normOnCpu(normal(...shapes[i]!, i)) / 2;
          expect(Math.abs(norm(gradient) / want - 1)).toBeLessThanOrEqual(20 * 2 ** -23);
        });
        expect(gpu.readBacks).toBe(before + 1);
        optimizer.dispose();
      });
    });

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
