import { createReferenceEngine, createWasmEngine, fillNormal } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, createLlama, GpuLostError, InputError, type Llama, type LlamaConfig } from "../src/index.ts";
import { createGpuLlama, Gpu, requestGpu } from "../src/webgpu/index.ts";
import { randomBatch } from "./batch.ts";
import { referenceLoss, toTensors } from "./reference-model.ts";

const EPS = ULP.float32 / 2;
const SMALL = { vocabSize: 37, dim: 24, layers: 3, heads: 4, hidden: 40, context: 70 };
const SCALING = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 64 };

/** Shapes of models and batches; none is a multiple of a tile. */
const CASES: Readonly<Record<string, Partial<LlamaConfig> & { batch: number; length: number; recompute?: boolean }>> = {
  plain: { ...SMALL, batch: 2, length: 70 },
  "tied, grouped queries": { ...SMALL, tied: true, kvHeads: 2, batch: 3, length: 9 },
  "biases, scaled positions": { ...SMALL, qkvBias: true, ropeScaling: SCALING, batch: 2, length: 33 },
  "wide heads": { ...SMALL, heads: 2, headDim: 20, batch: 1, length: 65 },
  "recomputed activations": { ...SMALL, recompute: true, batch: 2, length: 21 },
  "logits in two chunks": { ...SMALL, vocabSize: 2 ** 16, dim: 4, heads: 1, layers: 1, batch: 1, length: 65 },
  "one token": { ...SMALL, batch: 1, length: 1 },
};

type Gradients = Map<string, Float32Array>;

const largest = (x: ArrayLike<number>): number =>
  Array.prototype.reduce.call<ArrayLike<number>, [(most: number, value: number) => number, number], number>(
    x,
    (most, value) => Math.max(most, Math.abs(value)),
    0,
  );

/** Weights that are no model's at birth: norms and biases count too. */
function shake(model: Llama, seed: number): void {
  model.parameters.forEach(({ data, kind }, i) => {
    const noise = new Float64Array(data.length);
    fillNormal(noise, [seed, i, 0]);
    const size = kind === "norm" || kind === "bias" ? 0.3 : 0.1;
    for (let j = 0; j < data.length; j++) data[j]! += size * noise[j]!;
  });
}

/** Tests passes on a GPU, which `entry` is WebGPU's entry point to, against those of the processor and the model in float64. */
export function describeWebGpuPass(entry: () => GPU): void {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await requestGpu(entry());
  });
  afterAll(() => gpu.dispose());

  describe("loss and gradients are those of the reference engine", () => {
    test.each(Object.entries(CASES))("%s", async (_, { batch, length, recompute = false, ...config }) => {
      const model = createLlama(config, { engine: createReferenceEngine({ bytes: 2 ** 28 }), seed: 3 });
      shake(model, 7);
      const { tokens, targets } = randomBatch(batch * length, model.config.vocabSize, 1);
      if (length > 1) targets.fill(-1, 0, 3);
      const want: Gradients = new Map();
      const wanted = model.createPass(batch, length).backward(tokens, targets, (name, gradient) => {
        want.set(name, gradient.slice());
      });
      const onGpu = createGpuLlama(gpu, model);
      const pass = onGpu.createPass(batch, length, { recompute });
      const got: Gradients = new Map();
      const loss = await pass.backward(tokens, targets, (name, gradient) => {
        got.set(name, gradient.slice());
      });
      expect(Array.from(got.keys())).toEqual(Array.from(want.keys()));
      // Rounding of sums over a row, a sequence and a batch, in each layer forward and backward.
      const { dim, hidden, layers } = model.config;
      const ulps = 4 * layers * (dim + hidden + batch * length);
      expect(Math.abs(loss - wanted)).toBeLessThanOrEqual(ulps * EPS * wanted);
      for (const [name, gradient] of got) {
        const errors = gradient.map((g, i) => g - want.get(name)![i]!);
        expect(errors.some(Number.isNaN), name).toBe(false);
        expect(largest(errors), name).toBeLessThanOrEqual(ulps * EPS * largest(want.get(name)!));
      }
      expect(await pass.loss(tokens, targets)).toBe(loss);
      pass.dispose();
      onGpu.dispose();
    });
  });

  test("gradients are the central differences of the model in float64, along a direction", async () => {
    const model = createLlama({ ...SMALL, kvHeads: 2, qkvBias: true }, { engine: createWasmEngine(), seed: 5 });
    shake(model, 9);
    const { tokens, targets } = randomBatch(2 * 13, SMALL.vocabSize, 2);
    const tensors = toTensors(model.parameters);
    const direction = Object.fromEntries(
      Object.entries(tensors).map(([name, { length }], i) => {
        const noise = new Float64Array(length);
        fillNormal(noise, [11, i, 0]);
        return [name, noise];
      }),
    );
    const step = 1e-5;
    const lossAt = (t: number): number => {
      const moved = Object.entries(tensors).map(([name, x]) => [name, x.map((v, i) => v + t * direction[name]![i]!)]);
      return referenceLoss(model.config, Object.fromEntries(moved), tokens, targets, 13);
    };
    const onGpu = createGpuLlama(gpu, model);
    let slope = 0;
    let size = 0;
    await onGpu.createPass(2, 13).backward(tokens, targets, (name, gradient) => {
      gradient.forEach((g, i) => {
        slope += g * direction[name]![i]!;
        size += Math.abs(g * direction[name]![i]!);
      });
    });
    const want = (lossAt(step) - lossAt(-step)) / (2 * step);
    expect(Math.abs(slope - want)).toBeLessThanOrEqual((64 * EPS + step * step) * size);
    onGpu.dispose();
  });

  test("thirty steps of training have the losses of the processor's", async () => {
    const steps = 30;
    const rate = 0.3;
    const descend = (model: Llama) => {
      const byName = new Map(model.parameters.map(({ name, data }) => [name, data]));
      return (name: string, gradient: Float32Array): void => {
        const data = byName.get(name)!;
        for (let i = 0; i < data.length; i++) data[i]! -= rate * gradient[i]!;
      };
    };
    const create = () => createLlama(SMALL, { engine: createReferenceEngine({ bytes: 2 ** 26 }), seed: 2 });
    const [onProcessor, model] = [create(), create()];
    const batches = Array.from({ length: steps }, (_, i) => randomBatch(2 * 20, SMALL.vocabSize, 1 + (i % 3)));
    const reference = onProcessor.createPass(2, 20);
    const want = batches.map(({ tokens, targets }) => reference.backward(tokens, targets, descend(onProcessor)));
    const onGpu = createGpuLlama(gpu, model);
    const pass = onGpu.createPass(2, 20);
    const got: number[] = [];
    for (const { tokens, targets } of batches) got.push(await pass.backward(tokens, targets, descend(model)));
    // Each step's rounding is carried along by those that follow it.
    const { dim, layers, hidden } = model.config;
    const ulps = 4 * layers * (dim + hidden + 40);
    got.forEach((loss, i) => {
      expect(Math.abs(loss - want[i]!)).toBeLessThanOrEqual((i + 1) * ulps * EPS * want[i]!);
    });
    expect(got.at(-1)!).toBeLessThan(0.9 * got[0]!);
    onGpu.dispose();
  });

  test("steps allocate nothing on the device, and all is released", async () => {
    const live = new Set<GPUBuffer>();
    let created = 0;
    const device = await (await entry().requestAdapter())!.requestDevice();
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      created++;
      const buffer = create(descriptor);
      const isUniform = descriptor.mappedAtCreation === true; // of commands: the collector frees them
      if (isUniform) return buffer;
      live.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        live.delete(buffer);
        return destroy();
      };
      return buffer;
    };
    const own = new Gpu(device, "counted");
    const model = createLlama(SMALL, { engine: createWasmEngine(), seed: 1 });
    const onGpu = createGpuLlama(own, model);
    const pass = onGpu.createPass(1, 8);
    const { tokens, targets } = randomBatch(8, SMALL.vocabSize, 3);
    const before = created;
    for (let step = 0; step < 50; step++) {
      await pass.backward(tokens, targets, () => {});
      await pass.loss(tokens, targets);
    }
    expect(created).toBe(before);
    expect(live.size).toBeGreaterThan(0);
    pass.dispose();
    onGpu.dispose();
    expect(live.size).toBe(0);
    own.dispose();
  });

  test("weights changed elsewhere count once they are uploaded", async () => {
    const model = createLlama(SMALL, { engine: createWasmEngine(), seed: 1 });
    const onGpu = createGpuLlama(gpu, model);
    const pass = onGpu.createPass(1, 8);
    const { tokens, targets } = randomBatch(8, SMALL.vocabSize, 3);
    const before = await pass.loss(tokens, targets);
    shake(model, 4);
    expect(await pass.loss(tokens, targets)).toBe(before);
    onGpu.upload();
    const after = await pass.loss(tokens, targets);
    const want = model.createPass(1, 8).loss(tokens, targets);
    expect(Math.abs(after - want)).toBeLessThanOrEqual(4 * 3 * (24 + 40 + 8) * EPS * want);
    expect(Math.abs(after - before)).toBeGreaterThan(0.01);
    onGpu.dispose();
  });

  describe("faults", () => {
    const { tokens, targets } = randomBatch(8, SMALL.vocabSize, 3);
    const open = (on: Gpu) => {
      const model = createLlama(SMALL, { engine: createWasmEngine(), seed: 1 });
      const onGpu = createGpuLlama(on, model);
      return { model, onGpu, pass: onGpu.createPass(1, 8) };
    };

    test("a device lost during a pass changes nothing, and training goes on on the processor", async () => {
      const device = await (await entry().requestAdapter())!.requestDevice();
      const { model, pass } = open(new Gpu(device, "own"));
      const want = createLlama(SMALL, { engine: createWasmEngine(), seed: 1 }).createPass(1, 8).loss(tokens, targets);
      const seen: string[] = [];
      const running = pass.backward(tokens, targets, (name, gradient) => {
        seen.push(name);
        gradient.fill(0);
      });
      device.destroy();
      await expect(running).rejects.toThrow(GpuLostError);
      await expect(pass.loss(tokens, targets)).rejects.toThrow(GpuLostError);
      expect(seen).toEqual([]);
      expect(model.createPass(1, 8).loss(tokens, targets)).toBe(want);
    });

    test("an error of the call-back ends the hand-out, and the pass can be used again", async () => {
      const { onGpu, pass } = open(gpu);
      const seen: string[] = [];
      const running = pass.backward(tokens, targets, (name) => {
        seen.push(name);
        if (seen.length === 2) throw new RangeError("enough");
      });
      await expect(running).rejects.toThrow(RangeError);
      expect(seen).toEqual(["lm_head.weight", "model.norm.weight"]);
      let finite = true;
      await pass.backward(tokens, targets, (_, gradient) => {
        finite &&= gradient.every(Number.isFinite);
        gradient.fill(Number.NaN); // the buffer is the call-back's
      });
      expect(finite).toBe(true);
      expect(await pass.loss(tokens, targets)).toBeLessThan(5);
      onGpu.dispose();
    });

    test("a second call while one runs, and batches that do not fit", async () => {
      const { onGpu, pass } = open(gpu);
      const running = pass.loss(tokens, targets);
      await expect(pass.loss(tokens, targets)).rejects.toThrow(InputError);
      await running;
      await expect(pass.loss(tokens.slice(1), targets)).rejects.toThrow(InputError);
      await expect(
        pass.loss(
          tokens,
          targets.map(() => -1),
        ),
      ).rejects.toThrow(InputError);
      await expect(pass.backward(tokens, targets, undefined as never)).rejects.toThrow(InputError);
      expect(() => onGpu.createPass(1, 71)).toThrow(ConfigError);
      expect(() => onGpu.createPass(1, 8, { recompute: 1 as never })).toThrow(ConfigError);
      onGpu.dispose();
    });

    test("a model that has no kernels", () => {
      const model = createLlama({ ...SMALL, qkNorm: true }, { engine: createWasmEngine() });
      expect(() => createGpuLlama(gpu, model)).toThrow(ConfigError);
      const narrow = createLlama(SMALL, { engine: createWasmEngine(), dtype: "bfloat16" });
      // @ts-expect-error: plain JavaScript can.
      expect(() => createGpuLlama(gpu, narrow)).toThrow(ConfigError);
      expect(() => createGpuLlama(gpu, {} as Llama)).toThrow(InputError);
    });
  });
}
