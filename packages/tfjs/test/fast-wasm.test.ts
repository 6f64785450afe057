import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { useBackend } from "./backend.ts";
import { loadBoth, type SwitchKernels } from "./kernels.ts";
import { tokens, transformer } from "./transformer.ts";

/** Unit roundoff of float32. */
const EPS32 = 2 ** -24;
let use: SwitchKernels;

beforeAll(async () => {
  await useBackend("wasm");
  use = await loadBoth();
});
afterEach(() => tf.disposeVariables());

const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.hypot(...Array.from(a, (x, i) => x - b[i]!));
const on = async <R>(backend: "cpu" | "wasm", body: () => R): Promise<R> => {
  await useBackend(backend);
  return body();
};

describe("matMul", () => {
  const sizes = fc.record({
    m: fc.integer({ min: 1, max: 19 }),
    n: fc.integer({ min: 1, max: 19 }),
    k: fc.integer({ min: 1, max: 40 }),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    batch: fc.constantFrom<[number[], number[]]>(
      [[], []],
      [[3], [3]],
      [[1], [4]],
      [
        [2, 3],
        [2, 3],
      ],
      [[5], []],
      [
        [2, 1],
        [1, 3],
      ],
    ),
    seed: fc.integer({ min: 1, max: 1000 }),
  });

  test("is a sum of products for all shapes, transposes and batches", () => {
    fc.assert(
      fc.property(sizes, ({ m, n, k, transposeA, transposeB, batch: [batchA, batchB], seed }) =>
        tf.tidy(() => {
          const a = tf.randomNormal([...batchA, ...(transposeA ? [k, m] : [m, k])], 0, 1, "float32", seed);
          const b = tf.randomNormal([...batchB, ...(transposeB ? [n, k] : [k, n])], 0, 1, "float32", seed + 1);
          const got = tf.matMul(a, b, transposeA, transposeB);
          // An oracle without a matrix product: broadcast over a third axis, multiply, sum.
          const rows = tf.expandDims(transposeA ? swapped(a) : a, -1);
          const cols = tf.expandDims(transposeB ? swapped(b) : b, -3);
          const want = tf.sum(tf.mul(rows, cols), -2);
          const size = Math.hypot(...tf.sum(tf.abs(tf.mul(rows, cols)), -2).dataSync());
          expect(got.shape).toEqual(want.shape);
          expect(distance(got.dataSync(), want.dataSync())).toBeLessThanOrEqual(4 * k * EPS32 * size);
        }),
      ),
      { seed: 1, numRuns: 150 },
    );
  });

  test("refuses other dtypes and sizes that do not fit", () => {
    expect(() => tf.matMul(tf.ones([2, 3], "int32"), tf.ones([3, 2], "int32"))).toThrow(/float32/);
    expect(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3]))).toThrow(/inner/i);
    expect(() => tf.matMul(tf.ones([2, 2, 3]), tf.ones([3, 3, 2]))).toThrow(/broadcast/i);
  });
});

const swapped = (x: tf.Tensor): tf.Tensor => {
  const last = x.rank - 1;
  return tf.transpose(x, [...Array(last - 1).keys(), last, last - 1]);
};

describe("unsortedSegmentSum", () => {
  test("sums rows by id, and leaves out ids that are no segment", () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    const sums = tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, 9], "int32"), 3);
    expect(sums.arraySync()).toEqual([
      [3, 4],
      [0, 0],
      [6, 8],
    ]);
    const scalars = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 1, -1], "int32"), 2);
    expect(scalars.arraySync()).toEqual([0, 3]);
  });

  test("gives embeddings in tf.layers a gradient", async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1 }),
      ],
    });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const before = model.getWeights()[0]!.arraySync() as number[][];
    await model.fit(tf.tensor2d([[1, 3]]), tf.tensor2d([[10]]), { verbose: 0 });
    const after = model.getWeights()[0]!.arraySync() as number[][];
    expect(after.map((row, i) => row.join() !== before[i]!.join())).toEqual([false, true, false, true, false]);
  });
});

test("a transformer's gradients are the cpu backend's", async () => {
  const shape = { vocabulary: 17, dim: 16, layers: 2, heads: 2, hidden: 24 };
  const gradients = () =>
    tf.tidy(() => {
      const model = transformer(shape, "gather");
      const { value, grads } = tf.variableGrads(
        () => model.loss(...tokens(2, 9, shape.vocabulary)),
        [...model.variables],
      );
      return [value.dataSync(), ...model.variables.map(({ name }) => grads[name]!.dataSync())];
    });
  use("fast");
  const fast = await on("wasm", gradients);
  const reference = await on("cpu", gradients);
  await useBackend("wasm");
  expect(fast).toHaveLength(reference.length);
  for (const [i, want] of reference.entries()) {
    // Twelve products of at most 24 terms lie one after another.
    expect(distance(fast[i]!, want)).toBeLessThanOrEqual(12 * 24 * EPS32 * Math.hypot(...want));
  }
});

test("nothing leaks", () => {
  const model = transformer({ vocabulary: 17, dim: 16, layers: 1, heads: 2, hidden: 24 }, "gather");
  const [x, y] = tokens(2, 9, 17);
  const pass = () => {
    const { value, grads } = tf.variableGrads(() => model.loss(x, y), [...model.variables]);
    tf.dispose([value, ...Object.values(grads)]);
  };
  pass();
  const { numTensors, numBytes } = tf.memory();
  for (let i = 0; i < 20; i++) pass();
  expect(tf.memory()).toMatchObject({ numTensors, numBytes });
});
