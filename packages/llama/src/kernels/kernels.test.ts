import { fillNormal, Heap } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AttentionShape, attentionScratch, type Kernels, type Rotation } from "./kernels.ts";
import { referenceKernels } from "./reference/reference-kernels.ts";
import { createWasmKernels } from "./wasm-kernels.ts";

const EPS = ULP.float32 / 2;
const RUNS = { seed: 1, numRuns: 60 };
const heap = new Heap({ bytes: 2 ** 26 });
const wasm = createWasmKernels(heap);
const kernels: readonly (readonly [string, Kernels])[] = [
  ["reference", referenceKernels],
  ["wasm", wasm],
];

const NO_NORMS = new Float32Array(0);

/** Runs `body` with arrays of the heap, which are released afterwards. */
function withArrays<R>(body: (make: (length: number, seed?: number, size?: number) => Float32Array) => R): R {
  const made: Float32Array[] = [];
  try {
    return body((length, seed = 0, size = 1) => {
      const array = heap.float32(length);
      made.push(array);
      const noise = new Float64Array(length);
      if (seed > 0) fillNormal(noise, [seed, 0, 0]);
      array.set(noise.map((x) => size * x));
      return array;
    });
  } finally {
    for (const array of made) heap.release(array);
  }
}

const largest = (x: Iterable<number>): number => Array.from(x).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** Expects a difference of at most `ulps` units of rounding of the largest element, in the elements that must not change too. */
function expectClose(got: Float32Array, want: Float32Array, ulps: number): void {
  const tolerance = ulps * EPS * largest(want);
  const error = largest(got.map((x, i) => x - want[i]!));
  expect(error).toBeLessThanOrEqual(tolerance);
}

const size = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const seed = fc.integer({ min: 1, max: 1e6 });

describe("the WebAssembly kernels do what the reference kernels do", () => {
  test("rmsNorm and its gradients", () => {
    const offset = 3;
    fc.assert(
      fc.property(size(9), size(40), seed, (rows, dim, s) =>
        withArrays((make) => {
          const x = make(rows * dim + offset, s);
          const weight = make(dim, s + 1);
          const dOut = make(rows * dim + offset, s + 2);
          const [got, want] = [wasm, referenceKernels].map((k) => {
            const out = make(rows * dim + offset, s + 3);
            const inverse = make(rows + offset, s + 3);
            const dX = make(rows * dim + offset, s + 4);
            const dWeight = make(dim, s + 5);
            k.rmsNorm(rows, dim, 1e-5, x, offset, weight, out, offset, inverse, offset);
            k.rmsNormBackward(rows, dim, x, offset, weight, inverse, offset, dOut, offset, dX, offset);
            k.rmsNormWeightGradient(rows, dim, x, inverse, dOut, dWeight);
            return { out, inverse, dX, dWeight };
          });
          expectClose(got!.out, want!.out, 4 + dim);
          expectClose(got!.inverse, want!.inverse, 4 + dim);
          expectClose(got!.dX, want!.dX, 16 + 4 * dim);
          expectClose(got!.dWeight, want!.dWeight, 16 + 4 * rows + 4 * dim);
        }),
      ),
      RUNS,
    );
  });

  test("swiglu and its gradient, at every size of gate", () => {
    const offset = 5;
    fc.assert(
      fc.property(size(5), size(23), seed, fc.constantFrom(1e-30, 1, 30, 300), (rows, hidden, s, magnitude) =>
        withArrays((make) => {
          const [got, want] = [wasm, referenceKernels].map((k) => {
            const gateUp = make(2 * rows * hidden + offset, s, magnitude);
            const out = make(rows * hidden + offset, s + 1);
            const d = make(rows * hidden + offset, s + 2);
            k.swiglu(rows, hidden, gateUp, offset, out, offset);
            k.swigluBackward(rows, hidden, gateUp, offset, d, offset);
            return { out, gateUp, d };
          });
          expectClose(got!.out, want!.out, 8);
          expectClose(got!.gateUp, want!.gateUp, 16);
          expectClose(got!.d, want!.d, 8);
        }),
      ),
      RUNS,
    );
  });

  test("crossEntropy", () => {
    fc.assert(
      fc.property(size(5), size(70), seed, fc.constantFrom(1e-3, 1, 50, 1e4), (rows, vocab, s, magnitude) => {
        const targets = heap.int32(rows + 1);
        const losses = [heap.float64(rows + 1), heap.float64(rows + 1)];
        targets.forEach((_, r) => {
          targets[r] = ((s + 7 * r) % (vocab + 1)) - 1; // some are none
        });
        withArrays((make) => {
          const [got, want] = [wasm, referenceKernels].map((k, i) => {
            const logits = make((rows + 1) * vocab, s, magnitude);
            k.crossEntropy(rows, vocab, 0.25, logits, vocab, targets, 1, losses[i]!, 1);
            return logits;
          });
          // The top logit is subtracted in float32, which is exact to an ulp of the difference.
          expectClose(got!.subarray(vocab), want!.subarray(vocab), 8 + vocab + 4 * magnitude);
          expect(got!.subarray(0, vocab)).toEqual(want!.subarray(0, vocab));
          const tolerance = (8 + vocab + 4 * magnitude) * EPS * Math.max(1, largest(losses[1]!));
          expect(largest(losses[0]!.map((x, i) => x - losses[1]![i]!))).toBeLessThanOrEqual(tolerance);
        });
        for (const array of [targets, ...losses]) heap.release(array);
      }),
      RUNS,
    );
  });

  test("sumRows", () => {
    fc.assert(
      fc.property(size(9), size(40), seed, (rows, width, s) =>
        withArrays((make) => {
          const x = make(rows * width, s);
          const [got, want] = [wasm, referenceKernels].map((k) => {
            const out = make(width, s + 1);
            k.sumRows(rows, width, x, out);
            return out;
          });
          const error = largest(got!.map((sum, i) => sum - want![i]!));
          expect(error).toBeLessThanOrEqual(rows * EPS * rows * largest(x));
        }),
      ),
      RUNS,
    );
  });

  test("embed and embedGradient", () => {
    fc.assert(
      fc.property(size(9), size(9), size(5), seed, (rows, dim, vocab, s) => {
        const tokens = heap.int32(rows);
        tokens.forEach((_, r) => {
          tokens[r] = (s * (r + 1)) % vocab;
        });
        withArrays((make) => {
          const table = make(vocab * dim, s);
          const [got, want] = [wasm, referenceKernels].map((k) => {
            const out = make(rows * dim + 2, s + 1);
            const dTable = make(vocab * dim, s + 2);
            k.embed(rows - 1, dim, table, tokens, 1, out, 2);
            k.embedGradient(rows, dim, tokens, out, dTable);
            return { out, dTable };
          });
          expect(got!.out).toEqual(want!.out);
          expectClose(got!.dTable, want!.dTable, 2);
        });
        heap.release(tokens);
      }),
      RUNS,
    );
  });

  test("attention and its gradient", () => {
    const shapes = fc.record({
      batch: size(2),
      length: size(70),
      kvHeads: size(2),
      group: size(2),
      half: size(10),
      normed: fc.boolean(),
    });
    fc.assert(
      fc.property(shapes, seed, ({ batch, length, kvHeads, group, half, normed }, s) => {
        const shape = { batch, length, heads: kvHeads * group, kvHeads, headDim: 2 * half, normEps: 1e-5 };
        withArrays((make) => {
          const headNorms = normed ? make(4 * half, s + 5) : NO_NORMS;
          const [got, want] = [wasm, referenceKernels].map((k) => runAttention(k, shape, headNorms, s, make));
          // Scores of size √headDim, their error multiplied by as much when exponentials are taken.
          const ulps = 16 * shape.headDim + 2 * length;
          expectClose(got!.out, want!.out, ulps);
          expectClose(got!.stats, want!.stats, ulps);
          expectClose(got!.dQkv, want!.dQkv, 4 * ulps);
          expectClose(got!.sums, want!.sums, 4 * ulps);
        });
      }),
      { ...RUNS, numRuns: 40 },
    );
  });
});

function runAttention(
  k: Kernels,
  shape: AttentionShape,
  headNorms: Float32Array,
  s: number,
  make: (length: number, seed?: number) => Float32Array,
) {
  const { batch, length, heads, kvHeads, headDim } = shape;
  const rows = batch * length;
  const offset = 4;
  const qkv = make(rows * (heads + 2 * kvHeads) * headDim + offset, s);
  const out = make(rows * heads * headDim + offset, s + 1);
  const dOut = make(rows * heads * headDim + offset, s + 2);
  const stats = make(2 * rows * heads + offset, s + 3);
  const scratch = make(attentionScratch(length, headDim), s + 4);
  const rotation = randomRotation(make, length, headDim);
  const sums = make(batch * headNorms.length + offset, s + 6);
  k.attention(shape, 0, rotation, headNorms, qkv, offset, out, offset, stats, offset, scratch);
  const dQkv = qkv;
  k.attentionBackward(
    shape,
    rotation,
    headNorms,
    dQkv,
    offset,
    out,
    dOut,
    offset,
    stats,
    offset,
    sums,
    offset,
    scratch,
  );
  return { out, stats, dQkv, sums };
}

function randomRotation(make: (length: number) => Float32Array, length: number, headDim: number): Rotation {
  const cosines = make((length * headDim) / 2);
  const sines = make((length * headDim) / 2);
  cosines.forEach((_, i) => {
    cosines[i] = Math.cos(i);
    sines[i] = Math.sin(i);
  });
  return { cosines, sines };
}

describe.each(kernels)("%s kernels", (_, k) => {
  test("a constant value passes through attention whatever the scores", () => {
    withArrays((make) => {
      const shape = { batch: 1, length: 37, heads: 1, kvHeads: 1, headDim: 6, normEps: 1 };
      const qkv = make(37 * 18, 2);
      for (let i = 0; i < 37; i++) qkv.fill(0.5, i * 18 + 12, i * 18 + 18);
      const out = make(37 * 6);
      const rotation = randomRotation(make, 37, 6);
      k.attention(shape, 0, rotation, NO_NORMS, qkv, 0, out, 0, make(74), 0, make(attentionScratch(37, 6)));
      expect(largest(out.map((x) => x - 0.5))).toBeLessThanOrEqual(37 * EPS);
    });
  });

  test("attention from row `start` equals the same rows of the whole and writes no others", () => {
    withArrays((make) => {
      const shape = { batch: 2, length: 21, heads: 2, kvHeads: 1, headDim: 4, normEps: 1 };
      const qkv = make(2 * 21 * 16, 3);
      const rotation = randomRotation(make, 21, 4);
      const scratch = make(attentionScratch(21, 4));
      const whole = make(2 * 21 * 8);
      k.attention(shape, 0, rotation, NO_NORMS, qkv, 0, whole, 0, make(2 * 2 * 42), 0, scratch);
      for (const start of [0, 1, 12, 20]) {
        const part = make(2 * 21 * 8);
        k.attention(shape, start, rotation, NO_NORMS, qkv, 0, part, 0, make(2 * 2 * 42), 0, scratch);
        const want = whole.map((x, i) => (Math.floor(i / 8) % 21 < start ? 0 : x));
        expect(part).toEqual(want);
      }
    });
  });

  test("the loss of equal logits is ln vocab, and a row of its gradient sums to zero", () => {
    withArrays((make) => {
      const logits = make(50).fill(-3);
      const targets = heap.int32(1);
      targets[0] = 49;
      const losses = heap.float64(1);
      k.crossEntropy(1, 50, 1, logits, 0, targets, 0, losses, 0);
      expect(Math.abs(losses[0]! - Math.log(50))).toBeLessThanOrEqual(50 * EPS);
      expect(Math.abs(logits.reduce((sum, x) => sum + x, 0))).toBeLessThanOrEqual(50 * EPS);
      expect(logits[49]).toBeCloseTo(1 / 50 - 1, 6);
    });
  });

  test("NaN is not swallowed", () => {
    withArrays((make) => {
      const logits = make(9, 4);
      logits[5] = Number.NaN;
      const losses = heap.float64(1);
      k.crossEntropy(1, 9, 1, logits, 0, heap.int32(1), 0, losses, 0);
      expect(losses[0]).toBeNaN();
      const gateUp = make(16, 5);
      gateUp[2] = Number.NaN;
      const out = make(8);
      k.swiglu(1, 8, gateUp, 0, out, 0);
      expect(Array.from(out, Number.isNaN)).toEqual([false, false, true, false, false, false, false, false]);
    });
  });
});
