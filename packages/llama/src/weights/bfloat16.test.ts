import { createReferenceEngine, createWasmEngine, fillNormal } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { randomBatch } from "../../test/batch.ts";
import {
  createLlama,
  InputError,
  planDecoder,
  planLlama,
  storeWeights,
  type WeightData,
  weightNumbers,
} from "../index.ts";
import { referenceKernels } from "../kernels/reference/reference-kernels.ts";

const CONFIG = { vocabSize: 40, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 24, context: 12 };
const HEAP = { bytes: 2 ** 25 };
/** Largest relative distance of a number from the nearest one of bfloat16. */
const HALF_GAP = 2 ** -8;

/** A model in bfloat16, and one in float32 with the same weights. */
function pair(create: typeof createWasmEngine, config: object = CONFIG) {
  const half = createLlama(config, { engine: create(HEAP), seed: 1, dtype: "bfloat16" });
  const single = createLlama(config, { engine: create(HEAP), seed: 1 });
  const drawn = single.parameters.map(({ data }) => data.slice());
  for (const [i, { data }] of half.parameters.entries()) single.parameters[i]!.data.set(weightNumbers(data));
  return { half, single, drawn };
}

describe.each([
  ["wasm", createWasmEngine],
  ["reference", createReferenceEngine],
] as const)("%s engine", (_, create) => {
  test.each([{}, { tied: true, qkvBias: true }, { qkNorm: true }])(
    "losses, gradients and logits are those of float32 weights: %o",
    (more) => {
      const { half, single } = pair(create, { ...CONFIG, ...more });
      const { tokens, targets } = randomBatch(24, CONFIG.vocabSize, 1);
      const [got, want] = [half, single].map((model) => {
        const gradients = new Map<string, Float32Array>();
        const loss = model
          .createPass(2, 12)
          .backward(tokens, targets, (name, data) => gradients.set(name, data.slice()));
        return { loss, gradients, logits: model.createDecoder().feed(tokens.subarray(0, 9)).slice() };
      });
      // A matrix that fits into the panel is the same product.
      expect(got).toEqual(want);
    },
  );
});

test("weights begin as those of float32, rounded to nearest", () => {
  const { half, drawn } = pair(createWasmEngine);
  for (const [i, { data, kind }] of half.parameters.entries()) {
    expect(data instanceof Uint16Array).toBe(kind !== "norm");
    const off = weightNumbers(data).map((x, k) => Math.abs(x - drawn[i]![k]!) / Math.abs(x));
    expect(Math.max(...off)).toBeLessThanOrEqual(HALF_GAP);
  }
});

test("a matrix larger than a panel is multiplied in pieces", () => {
  const wide = { ...CONFIG, vocabSize: 40_000, layers: 1, tied: true }; // 640,000 numbers in the embedding
  const { half, single } = pair(createWasmEngine, wide);
  const { tokens, targets } = randomBatch(12, wide.vocabSize, 2);
  const [got, want] = [half, single].map((model) => {
    let squares = 0;
    const loss = model.createPass(1, 12).backward(tokens, targets, (_, data) => {
      squares += data.reduce((sum, x) => sum + x * x, 0);
    });
    return [loss, Math.sqrt(squares)];
  });
  for (const i of [0, 1]) expect(Math.abs(got![i]! / want![i]! - 1)).toBeLessThan(1e-5);
});

test("the plans hold what is allocated, and matrices take half the memory", () => {
  const engine = createWasmEngine(HEAP);
  const model = createLlama(CONFIG, { engine, dtype: "bfloat16" });
  const plan = planLlama(model.config, { batch: 2, length: 12, dtype: "bfloat16" });
  expect(engine.heap.usedBytes).toBe(plan.weightBytes);
  const pass = model.createPass(2, 12);
  expect(engine.heap.usedBytes).toBe(plan.weightBytes + plan.activationBytes + plan.gradientBytes);
  pass.dispose();
  const decoder = model.createDecoder(7);
  expect(engine.heap.usedBytes).toBe(plan.weightBytes + planDecoder(model.config, 7, "bfloat16"));
  decoder.dispose();
  model.dispose();
  expect(engine.heap.usedBytes).toBe(0);
  const large = { ...model.config, dim: 512, hidden: 1024 };
  const [half, single] = (["bfloat16", "float32"] as const).map((dtype) =>
    planLlama(large, { batch: 1, length: 1, dtype }),
  );
  expect(half!.weightBytes / single!.weightBytes).toBeLessThan(0.505);
});

describe("rounding at random", () => {
  const model = createLlama(CONFIG, { engine: createWasmEngine(HEAP), dtype: "bfloat16" });
  const { heap } = model.engine;
  const COUNT = 1003; // no multiple of a vector
  const numbers = heap.float32(COUNT);
  const stored = new Uint16Array(heap.memory.buffer as ArrayBuffer, heap.uint8(2 * COUNT).byteOffset, COUNT);

  test("has the bits of the reference kernel, on NaN, infinities, zeros and subnormals too", () => {
    fillNormal(numbers, [1, 0, 0]);
    numbers.set([Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 3.3e38, 1, -2], 3);
    numbers.set([Number.NaN, -Infinity, 1e-42], COUNT - 3);
    const want = new Uint16Array(COUNT);
    for (const key of [
      [0, 0],
      [4e9, 7],
      [12345, 2 ** 32 - 1],
    ] as const) {
      model.roundAtRandom(stored, numbers, key);
      referenceKernels.roundAtRandom(COUNT, numbers, 0, key[0], key[1], want, 0);
      expect(stored).toEqual(want);
      expect(weightNumbers(stored)[3]).toBeNaN();
      expect(Array.from(weightNumbers(stored).subarray(4, 8))).toEqual([Infinity, -Infinity, 0, -0]);
    }
  });

  test("takes one of the two numbers around, so that the mean over keys is the number", () => {
    fillNormal(numbers, [2, 0, 0]);
    const KEYS = 4000;
    const sums = new Float64Array(COUNT);
    const gaps = Float64Array.from(numbers, (x) => 2 ** (Math.floor(Math.log2(Math.abs(x))) - 7));
    for (let key = 0; key < KEYS; key++) {
      model.roundAtRandom(stored, numbers, [Math.imul(key, 0x5bd1e995) >>> 0, key]);
      const rounded = weightNumbers(stored);
      for (let i = 0; i < COUNT; i++) {
        sums[i]! += rounded[i]! / KEYS;
        if (Math.abs(rounded[i]! - numbers[i]!) >= gaps[i]!) throw new Error(`${rounded[i]} for ${numbers[i]}`);
      }
    }
    // The mean of KEYS draws has a deviation of at most half a gap over √KEYS; six of them for a thousand numbers.
    const off = sums.map((sum, i) => Math.abs(sum - numbers[i]!) / gaps[i]!);
    expect(Math.max(...off)).toBeLessThan(3 / Math.sqrt(KEYS));
  });

  test("leaves numbers of bfloat16 as they are, and widening is exact", () => {
    fillNormal(numbers, [3, 0, 0]);
    storeWeights(stored, numbers);
    const kept = stored.slice();
    model.widen(numbers, stored);
    expect(numbers).toEqual(weightNumbers(kept));
    model.roundAtRandom(stored, numbers, [9, 9]);
    expect(stored).toEqual(kept);
  });

  test("refuses arrays of other lengths, types and memories", () => {
    const odd: [WeightData, Float32Array][] = [
      [stored.subarray(1), numbers],
      [stored, new Float32Array(COUNT)],
      [new Uint16Array(COUNT), numbers],
      [numbers, numbers],
    ];
    for (const [weights, singles] of odd) {
      expect(() => model.roundAtRandom(weights as Uint16Array, singles, [0, 0])).toThrow(InputError);
      expect(() => model.widen(singles, weights as Uint16Array)).toThrow(InputError);
    }
  });
});
