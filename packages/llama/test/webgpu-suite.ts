import { fillNormal, fillUniform } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, GpuFailureError, GpuLostError, GpuUnavailableError, InputError } from "../src/index.ts";
import type { Rotation } from "../src/kernels/kernels.ts";
import { referenceKernels } from "../src/kernels/reference/reference-kernels.ts";
import {
  type AttentionSizes,
  attention,
  attentionBackward,
  crossEntropy,
  embed,
  embedGradient,
  Gpu,
  type GpuArray,
  matmul,
  requestGpu,
  rmsNorm,
  rmsNormBackward,
  rmsNormWeightGradient,
  rotate,
  swiglu,
  swigluBackward,
} from "../src/webgpu/index.ts";

const EPS = ULP.float32 / 2;
const RUNS = { seed: 1, numRuns: 20 };

type Floats = Float32Array<ArrayBuffer>;

function normal(length: number, seed: number, size = 1): Floats {
  const noise = new Float64Array(length);
  fillNormal(noise, [seed, 0, 0]);
  return Float32Array.from(noise, (x) => size * x);
}

/** Whole numbers from `from` to below `to`. */
function whole(length: number, seed: number, from: number, to: number): Int32Array<ArrayBuffer> {
  const noise = new Float64Array(length);
  fillUniform(noise, [seed, 1, 0]);
  return Int32Array.from(noise, (x) => Math.floor(from + x * (to - from)));
}

const largest = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Expects finite numbers with a difference of at most `ulps` units of rounding of the largest element. */
function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, ulps: number): void {
  expect(got.length).toBe(want.length);
  const errors = Array.from(got, (x, i) => Math.abs(x - want[i]!));
  expect(errors.every(Number.isFinite)).toBe(true);
  expect(largest(errors)).toBeLessThanOrEqual(ulps * EPS * largest(want));
}

const size = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const seed = fc.integer({ min: 1, max: 1e6 });

/** Tests the kernels of a GPU, which `entry` is WebGPU's entry point to, against float64. */
export function describeWebGpu(entry: () => GPU): void {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await requestGpu(entry());
  });
  afterAll(() => gpu.dispose());

  /** Reads arrays, and releases them and `others`. */
  async function readAll(arrays: readonly GpuArray[], others: readonly GpuArray[] = []): Promise<Floats[]> {
    const values: Floats[] = [];
    for (const array of arrays) values.push(await gpu.read(array));
    for (const array of [...arrays, ...others]) gpu.release(array);
    return values;
  }

  describe("kernels agree with float64", () => {
    test("matmul, in every form, at edges that are no multiples of tiles", async () => {
      const factor = fc.constantFrom(0, 1, -0.5);
      const property = fc.asyncProperty(
        size(150),
        size(150),
        size(50),
        fc.boolean(),
        fc.boolean(),
        factor,
        seed,
        async (m, n, k, transposeA, transposeB, beta, s) => {
          const [a, b, c] = [normal(m * k, s), normal(k * n, s + 1), normal(m * n, s + 2)];
          const arrays = [a, b, beta === 0 ? c.map(() => Number.NaN) : c].map((values) => gpu.upload(values));
          const [x, y, out] = arrays as [GpuArray, GpuArray, GpuArray];
          gpu.run([matmul(gpu, m, n, k, x, y, out, { transposeA, transposeB, alpha: 1.5, beta })]);
          const [got] = await readAll([out], [x, y]);
          let worst = 0;
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              let sum = 0;
              let sizes = 0;
              for (let p = 0; p < k; p++) {
                const term = a[transposeA ? p * m + i : i * k + p]! * b[transposeB ? j * k + p : p * n + j]!;
                sum += term;
                sizes += Math.abs(term);
              }
              const old = beta === 0 ? 0 : beta * c[i * n + j]!;
              const error = Math.abs(got![i * n + j]! - (1.5 * sum + old));
              // A sum of k rounded terms, times alpha, added to beta times the old value.
              worst = Math.max(
                worst,
                Number.isNaN(error) ? Infinity : error / ((k + 4) * EPS * (1.5 * sizes + Math.abs(old))),
              );
            }
          }
          expect(worst).toBeLessThanOrEqual(1);
        },
      );
      await fc.assert(property, RUNS);
    });

    test("rmsNorm and its gradients", async () => {
      const property = fc.asyncProperty(size(9), size(200), seed, async (rows, dim, s) => {
        const [x, weight, dOut, dX] = [
          normal(rows * dim, s),
          normal(dim, s + 1),
          normal(rows * dim, s + 2),
          normal(rows * dim, s + 3),
        ];
        const want = {
          out: new Float32Array(rows * dim),
          inverse: new Float32Array(rows),
          dX: dX.slice(),
          dWeight: new Float32Array(dim),
        };
        referenceKernels.rmsNorm(rows, dim, 1e-5, x, 0, weight, want.out, 0, want.inverse, 0);
        referenceKernels.rmsNormBackward(rows, dim, x, 0, weight, want.inverse, 0, dOut, 0, want.dX, 0);
        referenceKernels.rmsNormWeightGradient(rows, dim, x, want.inverse, dOut, want.dWeight);
        const given = [x, weight, dOut].map((values) => gpu.upload(values)) as [GpuArray, GpuArray, GpuArray];
        const [out, inverse, dWeight, into] = [rows * dim, rows, dim]
          .map((length) => gpu.allocate(length))
          .concat(gpu.upload(dX)) as [GpuArray, GpuArray, GpuArray, GpuArray];
        gpu.run([
          rmsNorm(gpu, rows, dim, 1e-5, given[0], given[1], out, inverse),
          rmsNormBackward(gpu, rows, dim, given[0], given[1], inverse, given[2], into),
          rmsNormWeightGradient(gpu, rows, dim, given[0], inverse, given[2], dWeight),
        ]);
        const got = await readAll([out, inverse, into, dWeight], given);
        expectClose(got[0]!, want.out, 16 + dim);
        expectClose(got[1]!, want.inverse, 16 + dim);
        expectClose(got[2]!, want.dX, 32 + 4 * dim);
        expectClose(got[3]!, want.dWeight, 32 + 4 * rows + 4 * dim);
      });
      await fc.assert(property, RUNS);
    });

    test("swiglu and its gradient, at every size of gate", async () => {
      const magnitudes = fc.constantFrom(1e-3, 1, 30, 300);
      const property = fc.asyncProperty(size(5), size(90), seed, magnitudes, async (rows, hidden, s, magnitude) => {
        const [gateUp, d] = [normal(2 * rows * hidden, s, magnitude), normal(rows * hidden, s + 1)];
        const want = { out: new Float32Array(rows * hidden), gateUp: gateUp.slice(), d: d.slice() };
        referenceKernels.swiglu(rows, hidden, gateUp, 0, want.out, 0);
        referenceKernels.swigluBackward(rows, hidden, want.gateUp, 0, want.d, 0);
        const [x, out, dOut] = [gpu.upload(gateUp), gpu.allocate(rows * hidden), gpu.upload(d)];
        gpu.run([swiglu(gpu, rows, hidden, x, out), swigluBackward(gpu, rows, hidden, x, dOut)]);
        const got = await readAll([out, x, dOut]);
        // WGSL allows eˣ an error of 3 + 2 |x| ulps, which counts where the sigmoid is not far below 1: up to |x| of 20.
        const ulps = 64 + 2 * Math.min(20, magnitude);
        expectClose(got[0]!, want.out, ulps);
        expectClose(got[1]!, want.gateUp, ulps);
        expectClose(got[2]!, want.d, ulps);
      });
      await fc.assert(property, RUNS);
    });

    test("crossEntropy, with rows that have no target", async () => {
      const property = fc.asyncProperty(
        size(6),
        size(300),
        seed,
        fc.constantFrom(1e-3, 1, 50),
        async (rows, vocab, s, magnitude) => {
          const [logits, targets] = [normal(rows * vocab, s, magnitude), whole(rows, s, -1, vocab)];
          const want = { logits: logits.slice(), losses: new Float64Array(rows) };
          referenceKernels.crossEntropy(rows, vocab, 0.25, want.logits, 0, targets, 0, want.losses, 0);
          const given = [gpu.upload(targets), gpu.upload(Float32Array.of(0.25))] as const;
          const [x, losses] = [gpu.upload(logits), gpu.allocate(rows)];
          gpu.run([crossEntropy(gpu, rows, vocab, given[1], x, given[0], losses)]);
          const got = await readAll([x, losses], given);
          // The top logit is subtracted in float32, exact to an ulp of the difference, and eˣ adds as much again.
          const ulps = 64 + vocab + 16 * magnitude;
          expect(largest(got[0]!.map((g, i) => g - want.logits[i]!))).toBeLessThanOrEqual(ulps * EPS * 0.25);
          expect(largest(got[1]!.map((loss, r) => loss - want.losses[r]!))).toBeLessThanOrEqual(
            ulps * EPS * Math.max(1, largest(want.losses)),
          );
        },
      );
      await fc.assert(property, RUNS);
    });

    test("embed and embedGradient, with tokens that repeat", async () => {
      const property = fc.asyncProperty(size(90), size(90), size(30), seed, async (rows, dim, vocab, s) => {
        const [table, dOut, tokens] = [normal(vocab * dim, s), normal(rows * dim, s + 1), whole(rows, s, 0, vocab)];
        const want = { out: new Float32Array(rows * dim), dTable: table.slice() };
        referenceKernels.embed(rows, dim, table, tokens, 0, want.out, 0);
        referenceKernels.embedGradient(rows, dim, tokens, dOut, want.dTable);
        const [from, at, d, into] = [gpu.upload(table), gpu.upload(tokens), gpu.upload(dOut), gpu.upload(table)];
        const out = gpu.allocate(rows * dim);
        gpu.run([embed(gpu, rows, dim, from, at, out), embedGradient(gpu, rows, dim, at, d, into)]);
        const got = await readAll([out, into], [from, at, d]);
        expect(got[0]).toEqual(want.out);
        expect(got[1]).toEqual(want.dTable); // the same sums in the same order
      });
      await fc.assert(property, RUNS);
    });

    test("attention with rotary positions and its gradient, over several blocks of queries and keys", async () => {
      const shapes = fc.record({ batch: size(2), length: size(140), kvHeads: size(2), group: size(2), half: size(10) });
      const property = fc.asyncProperty(shapes, seed, async ({ batch, length, kvHeads, group, half }, s) => {
        await expectAttention({ batch, length, heads: kvHeads * group, kvHeads, headDim: 2 * half }, s);
      });
      await fc.assert(property, { ...RUNS, numRuns: 12 });
    });

    test.each([64, 256])("attention with heads of %d", async (headDim) => {
      await expectAttention({ batch: 1, length: 70, heads: 2, kvHeads: 1, headDim }, headDim);
    });
  });

  async function expectAttention(sizes: AttentionSizes, s: number): Promise<void> {
    const { batch, length, heads, kvHeads, headDim } = sizes;
    const shape = { ...sizes, normEps: 1e-5 };
    const rows = batch * length;
    const width = (heads + 2 * kvHeads) * headDim;
    const [qkv, dOut] = [normal(rows * width, s), normal(rows * heads * headDim, s + 1)];
    const angles = Float32Array.from({ length: (length * headDim) / 2 }, (_, i) => i);
    const rotation = { cosines: angles.map(Math.cos), sines: angles.map(Math.sin) } satisfies Rotation;
    const [none, stats] = [new Float32Array(0), new Float32Array(2 * rows * heads)];
    const want = { out: new Float32Array(rows * heads * headDim), dQkv: qkv.slice() };
    referenceKernels.attention(shape, 0, rotation, none, qkv, 0, want.out, 0, stats, 0, none);
    referenceKernels.attentionBackward(shape, rotation, none, want.dQkv, 0, want.out, dOut, 0, stats, 0, none, 0, none);
    const [cosines, sines] = [gpu.upload(rotation.cosines), gpu.upload(rotation.sines)];
    const arrays = {
      qkv: gpu.upload(qkv),
      dOut: gpu.upload(dOut),
      out: gpu.allocate(want.out.length),
      logSums: gpu.allocate(rows * heads),
      pulls: gpu.allocate(rows * heads),
      dQkv: gpu.upload(qkv.map(() => Number.NaN)),
    };
    gpu.run([
      rotate(gpu, shape, 1, cosines, sines, arrays.qkv),
      attention(gpu, shape, arrays),
      ...attentionBackward(gpu, shape, arrays),
      rotate(gpu, shape, -1, cosines, sines, arrays.dQkv),
    ]);
    const { out, dQkv, ...others } = arrays;
    const got = await readAll([out, dQkv], [...Object.values(others), cosines, sines]);
    // Scores of size √headDim, their error multiplied by as much when exponentials are taken.
    const ulps = 32 * headDim + 2 * length;
    expectClose(got[0]!, want.out, ulps);
    expectClose(got[1]!, want.dQkv, 4 * ulps);
  }

  test("a NaN in a row reaches what depends on it, and nothing else", async () => {
    const x = Float32Array.of(1, 2, 3, Number.NaN, 5, 6);
    const [rows, weight, out, inverse] = [
      gpu.upload(x),
      gpu.upload(Float32Array.of(1, 1, 1)),
      gpu.allocate(6),
      gpu.allocate(2),
    ];
    const [targets, scale, losses] = [gpu.upload(Int32Array.of(0, 0)), gpu.upload(Float32Array.of(1)), gpu.allocate(2)];
    gpu.run([
      rmsNorm(gpu, 2, 3, 1e-5, rows, weight, out, inverse),
      crossEntropy(gpu, 2, 3, scale, rows, targets, losses),
    ]);
    const got = await readAll([out, losses], [rows, weight, inverse, targets, scale]);
    expect(Array.from(got[0]!, Number.isNaN)).toEqual([false, false, false, true, true, true]);
    expect(Array.from(got[1]!, Number.isNaN)).toEqual([false, true]);
  });

  test("commands run again give the same bits, and read what was written in between", async () => {
    const [x, y, out] = [gpu.upload(normal(64, 1)), gpu.upload(normal(64, 2)), gpu.allocate(64)];
    const commands = [matmul(gpu, 8, 8, 8, x, y, out)];
    gpu.run(commands);
    const first = await gpu.read(out);
    gpu.run(commands);
    expect(await gpu.read(out)).toEqual(first);
    gpu.write(x, normal(64, 1, 2));
    gpu.run(commands);
    expect(await gpu.read(out)).toEqual(first.map((value) => 2 * value));
    await readAll([out], [x, y]);
  });

  test("the example of requestGpu", async () => {
    const [x, out] = [gpu.upload(Float32Array.of(1, 2, 3, 4)), gpu.allocate(4)];
    gpu.run([matmul(gpu, 2, 2, 2, x, x, out)]);
    expect((await readAll([out], [x]))[0]).toEqual(Float32Array.of(7, 10, 15, 22));
    expect(gpu.adapter).not.toBe("");
  });

  describe("faults are typed errors", () => {
    test("no WebGPU, no adapter, no device", async () => {
      const adapterOf = (adapter: unknown) => ({ requestAdapter: async () => adapter }) as unknown as GPU;
      const refuses = { limits: {}, requestDevice: () => Promise.reject(new Error("limit")) };
      for (const webgpu of [{} as GPU, adapterOf(null), adapterOf(refuses)]) {
        await expect(requestGpu(webgpu)).rejects.toThrow(GpuUnavailableError);
      }
    });

    test("lengths that the device cannot have, and values that do not fit", () => {
      for (const length of [0, 1.5, -1, Number.NaN, 2 ** 50]) expect(() => gpu.allocate(length)).toThrow(InputError);
      const array = gpu.allocate(3);
      expect(() => gpu.write(array, new Float32Array(4))).toThrow(InputError);
      gpu.release(array);
    });

    test("more workgroups than the device runs", () => {
      const array = gpu.allocate(1);
      expect(() => rmsNorm(gpu, 2 ** 24, 1, 1e-5, array, array, array, array)).toThrow(ConfigError);
      gpu.release(array);
    });

    const openDevice = async (): Promise<GPUDevice> => (await entry().requestAdapter())!.requestDevice();

    test("a lost device, before a call and during a read", async () => {
      const device = await openDevice();
      const own = new Gpu(device, "own");
      const array = own.upload(Float32Array.of(1));
      const reading = own.read(array);
      device.destroy();
      await expect(reading).rejects.toThrow(GpuLostError);
      await device.lost;
      expect(() => own.run([])).toThrow(GpuLostError);
      await expect(own.read(array)).rejects.toThrow(GpuLostError);
    });

    test("a failure on the device, once, at the next read", async () => {
      const own = new Gpu(await openDevice(), "own");
      const array = own.upload(Float32Array.of(7));
      const short = own.allocate(2);
      own.release(short);
      own.run([matmul(own, 1, 1, 1, array, array, short)]);
      await expect(own.read(array)).rejects.toThrow(GpuFailureError);
      expect(await own.read(array)).toEqual(Float32Array.of(7));
      own.dispose();
    });

    test("a GPU that was disposed of", async () => {
      const own = new Gpu(await openDevice(), "own");
      const array = own.allocate(1);
      own.dispose();
      expect(() => own.allocate(1)).toThrow(GpuLostError);
      await expect(own.read(array)).rejects.toThrow(GpuLostError);
    });
  });
}
