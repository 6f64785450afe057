import { fromRows, type Matrix, matmul as multiplyOnCpu, transpose as transposeView, zeros } from "@sumo/linalg";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gpuBackend } from "../src/backend/backend.ts";
import {
  add,
  addRow,
  axpbyInto,
  columnNorms,
  columnSums,
  createGpu,
  DisposedTensorError,
  type Gpu,
  type GpuMode,
  GpuShapeError,
  type GpuTensor,
  gram,
  matmul,
  matmulInto,
  multiply,
  norm,
  relu,
  reluBackward,
  rowNorms,
  rowSums,
  scale,
  scaleColumns,
  scaledAdd,
  scaleRows,
  slice,
  subtract,
  sum,
  TooLargeError,
  tanh,
  tanhBackward,
  transpose,
} from "../src/index.ts";
import { distance, largest, normal } from "./matrices.ts";

const EPS = 2 ** -24;

const absolute = (a: Matrix<Float64Array>): Matrix<Float64Array> => {
  const out = zeros(a.shape[0]!, a.shape[1]!);
  out.data.set(a.data.map(Math.abs));
  return out;
};

const size = fc.integer({ min: 1, max: 21 });
const seed = fc.integer({ min: 0, max: 1e6 });

/** Tests of the operations in one mode. */
export function describeOperations(mode: GpuMode, numRuns: number): void {
  describe(`operations on ${mode}`, () => {
    let gpu: Gpu;
    beforeAll(async () => {
      gpu = await createGpu({ mode });
    });
    afterAll(() => {
      expect(gpu.memory.tensors).toBe(0);
      gpu.dispose();
    });

    /** Runs the body in a scope over random shapes. */
    const forAll = (body: (m: number, n: number, k: number, seed: number) => void): void => {
      fc.assert(
        fc.property(size, size, size, seed, (m, n, k, s) => gpu.scope(() => void body(m, n, k, s))),
        { seed: 1, numRuns },
      );
    };
    const pair = (m: number, n: number, s: number): [Matrix<Float64Array>, GpuTensor] => {
      const a = normal(m, n, s);
      return [a, gpu.tensor(a)];
    };

    test("what is written is read", () => {
      forAll((m, n, _, s) => {
        const [a, x] = pair(m, n, s);
        expect(Array.from(x.read())).toEqual(Array.from(a.data));
        expect(Array.from(gpu.tensor(transposeView(a)).read())).toEqual(Array.from(transpose(x).read()));
      });
    });

    test("reads asynchronously as well", async () => {
      const x = gpu.tensor(normal(7, 9, 1));
      expect(await x.readAsync()).toEqual(x.read());
      x.dispose();
    });

    test.each([
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ])("matmul with transposes %s, %s is within the bound of an inner product", (transposeA, transposeB) => {
      forAll((m, n, k, s) => {
        const [a, x] = transposeA ? pair(k, m, s) : pair(m, k, s);
        const [b, y] = transposeB ? pair(n, k, s + 1) : pair(k, n, s + 1);
        const [c, z] = pair(m, n, s + 2);
        const [opA, opB] = [transposeA ? transposeView(a) : a, transposeB ? transposeView(b) : b];
        const expected = multiplyOnCpu(opA, opB).data;
        const bound = multiplyOnCpu(absolute(copyOf(opA)), absolute(copyOf(opB))).data;
        const tolerance = 2 * (k + 4) * EPS * (largest(bound) + largest(c.data));
        const product = matmul(x, y, { transposeA, transposeB });
        expect(distance(product.read(), expected)).toBeLessThanOrEqual(tolerance);
        matmulInto(z, x, y, { transposeA, transposeB, alpha: -2, beta: 0.5 });
        const updated = expected.map((value, i) => -2 * value + 0.5 * c.data[i]!);
        expect(distance(z.read(), updated)).toBeLessThanOrEqual(2 * tolerance);
      });
    });

    test.each([
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ])("larger products with transposes %s, %s, of odd sizes", (transposeA, transposeB) => {
      gpu.scope(() => {
        const [m, n, k] = [131, 129, 135];
        const [a, x] = transposeA ? pair(k, m, 1) : pair(m, k, 1);
        const [b, y] = transposeB ? pair(n, k, 2) : pair(k, n, 2);
        const [c, z] = pair(m, n, 3);
        const expected = multiplyOnCpu(transposeA ? transposeView(a) : a, transposeB ? transposeView(b) : b).data;
        // Normal factors: a sum of k products is within 6 k of zero, and its roundings are as many.
        const tolerance = 6 * k * 16 * EPS;
        const product = matmul(x, y, { transposeA, transposeB });
        expect(distance(product.read(), expected)).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(norm(product) / Math.hypot(...expected) - 1)).toBeLessThanOrEqual(64 * EPS);
        matmulInto(z, x, y, { transposeA, transposeB, alpha: -2, beta: 0.5 });
        expect(
          distance(
            z.read(),
            expected.map((value, i) => -2 * value + 0.5 * c.data[i]!),
          ),
        ).toBeLessThanOrEqual(3 * tolerance);
      });
    });

    test("matmul into an operand and with more than a thousand inner steps", () => {
      gpu.scope(() => {
        const [a, x] = pair(5, 5, 3);
        const [b, y] = pair(5, 5, 4);
        matmulInto(x, x, y);
        expect(distance(x.read(), multiplyOnCpu(a, b).data)).toBeLessThanOrEqual(1e2 * EPS);
        const ones = gpu.tensor(new Float32Array(5000).fill(1), 1, 5000);
        expect(Array.from(matmul(ones, ones, { transposeB: true }).read())).toEqual([5000]);
        const column = gpu.tensor(new Float32Array(5000).fill(1), 5000, 1);
        expect(Array.from(matmul(ones, column).read())).toEqual([5000]);
        expect(Array.from(columnSums(column).read())).toEqual([5000]);
        expect(Array.from(rowSums(ones).read())).toEqual([5000]);
      });
    });

    test("element-wise operations are those of float64, rounded", () => {
      forAll((m, n, _, s) => {
        const [a, x] = pair(m, n, s);
        const [b, y] = pair(m, n, s + 1);
        const each = (f: (p: number, q: number) => number): Float64Array => a.data.map((p, i) => f(p, b.data[i]!));
        const close = (got: GpuTensor, expected: Float64Array, ulps: number): void => {
          expect(distance(got.read(), expected)).toBeLessThanOrEqual(ulps * EPS * (1 + largest(expected)));
        };
        close(
          add(x, y),
          each((p, q) => p + q),
          2,
        );
        close(
          subtract(x, y),
          each((p, q) => p - q),
          2,
        );
        close(
          multiply(x, y),
          each((p, q) => p * q),
          2,
        );
        close(
          scale(-3, x),
          each((p) => -3 * p),
          2,
        );
        close(
          scaledAdd(0.5, x, -2, y),
          each((p, q) => 0.5 * p - 2 * q),
          8,
        );
        close(
          tanh(x),
          each((p) => Math.tanh(p)),
          64,
        );
        close(
          tanhBackward(x, y),
          each((p, q) => p * (1 - q * q)),
          64,
        );
        close(
          relu(x),
          each((p) => Math.max(p, 0)),
          0,
        );
        close(
          reluBackward(x, y),
          each((p, q) => (q > 0 ? p : 0)),
          0,
        );
        close(
          axpbyInto(y, 2, x, -1),
          each((p, q) => 2 * p - q),
          8,
        );
        close(
          axpbyInto(x, 2, x, 0),
          each((p) => 2 * p),
          0,
        );
      });
    });

    test("reductions are within a few units of roundoff", () => {
      forAll((m, n, _, s) => {
        const [a, x] = pair(m, n, s);
        const rows = Array.from({ length: m }, (_, i) => Array.from(a.data.subarray(i * n, (i + 1) * n)));
        const columns = Array.from({ length: n }, (_, j) => rows.map((row) => row[j]!));
        const total = (values: number[]): number => values.reduce((t, value) => t + value, 0);
        const length = (values: number[]): number => Math.hypot(...values);
        const tolerance = 4 * (m + n) * EPS * length(rows.flat());
        expect(Math.abs(norm(x) - length(rows.flat()))).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(norm(scaledAdd(1, x, 0, x)) - length(rows.flat()))).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(sum(x) - total(rows.flat()))).toBeLessThanOrEqual(tolerance);
        expect(distance(rowNorms(x).read(), rows.map(length))).toBeLessThanOrEqual(tolerance);
        expect(distance(rowSums(x).read(), rows.map(total))).toBeLessThanOrEqual(tolerance);
        expect(distance(columnNorms(x).read(), columns.map(length))).toBeLessThanOrEqual(tolerance);
        expect(distance(columnSums(x).read(), columns.map(total))).toBeLessThanOrEqual(tolerance);
      });
    });

    test.each([1e-30, 1, 1e30])("norms at scale %d neither overflow nor vanish", (unit) => {
      gpu.scope(() => {
        const values = Float32Array.of(3 * unit, 0, -4 * unit, 0, 0, 0);
        const x = add(gpu.tensor(values, 2, 3), gpu.zeros(2, 3));
        expect(Math.abs(norm(x) / (5 * unit) - 1)).toBeLessThanOrEqual(16 * EPS);
        expect(Math.abs(rowNorms(x).read()[0]! / (5 * unit) - 1)).toBeLessThanOrEqual(16 * EPS);
        expect(Math.abs(columnNorms(x).read()[2]! / (4 * unit) - 1)).toBeLessThanOrEqual(16 * EPS);
      });
    });

    test("norms and sums of tall matrices take a second pass", () => {
      gpu.scope(() => {
        const tall = Float32Array.from({ length: 3 * 5000 }, (_, i) => (i % 7) - 3);
        const x = subtract(gpu.tensor(tall, 5000, 3), gpu.zeros(5000, 3));
        expect(Math.abs(norm(x) / Math.hypot(...tall) - 1)).toBeLessThanOrEqual(32 * EPS);
        expect(sum(x)).toBe(tall.reduce((total, value) => total + value, 0));
      });
    });

    test.each([NaN, Infinity, -Infinity])("the norm is not finite with %d anywhere", (bad) => {
      for (let i = 0; i < 10; i++) {
        const values = new Float32Array(10).fill(1);
        values[i] = bad;
        gpu.scope(() => {
          // An upload's norm is known from the CPU; that of a result is not.
          expect(Number.isFinite(norm(gpu.tensor(values, 2, 5)))).toBe(false);
          const result = (): GpuTensor => add(gpu.tensor(values, 2, 5), gpu.zeros(2, 5));
          expect(Number.isFinite(norm(result()))).toBe(false);
          // An announced norm is computed by other code.
          for (const lines of [undefined, "rows", "columns"] as const) {
            const announced = result();
            gpuBackend(gpu).expectNorms!(announced, lines);
            gpu.zeros(1, 1).read();
            expect(gpu.norms(announced).whole).not.toBe(undefined);
            expect(Number.isFinite(norm(announced))).toBe(false);
          }
        });
      }
    });

    test("lines are scaled, rows added", () => {
      forAll((m, n, _, s) => {
        const [a, x] = pair(m, n, s);
        const [r, row] = pair(1, n, s + 1);
        const [c, column] = pair(m, 1, s + 2);
        const each = (f: (value: number, i: number, j: number) => number): Float64Array =>
          a.data.map((value, at) => f(value, Math.floor(at / n), at % n));
        const close = (got: GpuTensor, expected: Float64Array): void =>
          expect(distance(got.read(), expected)).toBeLessThanOrEqual(2 * EPS * (1 + largest(expected)));
        close(
          scaleColumns(x, row),
          each((value, _i, j) => value * r.data[j]!),
        );
        close(
          scaleRows(x, column),
          each((value, i) => value * c.data[i]!),
        );
        close(
          addRow(x, row),
          each((value, _i, j) => value + r.data[j]!),
        );
      });
    });

    test("slices and shapes hold the elements they should", () => {
      forAll((m, n, k, s) => {
        const [a, x] = pair(m, n, s);
        const [top, left] = [k % m, s % n];
        const [rows, cols] = [1 + (s % (m - top)), 1 + (k % (n - left))];
        const part = Array.from({ length: rows * cols }, (_, at) =>
          a.get(top + Math.floor(at / cols), left + (at % cols)),
        );
        const cut = slice(x, { rows: [top, rows], cols: [left, cols] });
        expect(Array.from(cut.read())).toEqual(part);
        // The padding of a packed row is zero, else it would be included in products and norms.
        expect(Math.abs(norm(cut) - Math.hypot(...part))).toBeLessThanOrEqual(1e2 * EPS * (1 + Math.hypot(...part)));
        expect(gram(cut, { transpose: true }).read().length).toBe(cols * cols);
        const before = gpu.readBacks;
        const reshaped = [n, 1, m * n, m].map((rows) => x.reshape(rows, (m * n) / rows));
        expect(gpu.readBacks).toBe(before);
        for (const y of reshaped) {
          expect(Array.from(y.read())).toEqual(Array.from(a.data));
          expect(Math.abs(norm(scaledAdd(1, y, 0, y)) / Math.hypot(...a.data) - 1)).toBeLessThanOrEqual(32 * EPS);
        }
      });
    });

    test("empty matrices are matrices", () => {
      gpu.scope(() => {
        const x = gpu.zeros(3, 0);
        expect(Array.from(matmul(x, gpu.zeros(0, 2)).read())).toEqual([0, 0, 0, 0, 0, 0]);
        expect(norm(x)).toBe(0);
        expect(x.read().length).toBe(0);
      });
    });

    test("memory is accounted, and scopes give it back", () => {
      const before = gpu.memory;
      const kept = gpu.scope(() => {
        const x = gpu.tensor(fromRows([[1, 2, 3, 4]]));
        const inner = gpu.scope(() => ({ y: add(x, x), z: [add(x, x)] }));
        expect(gpu.memory.tensors).toBe(before.tensors + 3);
        return inner.y;
      });
      expect(gpu.memory).toMatchObject({ tensors: before.tensors + 1, bytes: before.bytes + kept.bytes });
      expect(Array.from(kept.read())).toEqual([2, 4, 6, 8]);
      expect(() =>
        gpu.scope(() => {
          gpu.zeros(2, 2);
          throw new Error("given up");
        }),
      ).toThrow("given up");
      kept[Symbol.dispose]();
      const own: GpuTensor[] = [];
      gpu.scope(() => void own.push(gpu.keep(gpu.zeros(1, 4))));
      expect(own[0]!.disposed).toBe(false);
      own[0]!.dispose();
      {
        using x = gpu.zeros(5, 5);
        expect(gpu.memory.tensors).toBe(before.tensors + 1);
        expect(x.disposed).toBe(false);
      }
      expect(gpu.memory).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
      gpu.scope(() => expect(gpu.zeros(1, 4).read()).toEqual(new Float32Array(4)));
    });

    test("tensors of two GPUs do not mix", async () => {
      const other = await createGpu({ mode });
      gpu.scope(() => expect(() => add(gpu.zeros(1, 1), other.zeros(1, 1))).toThrow(GpuShapeError));
      other.dispose();
    });

    test("mistakes are typed errors", () => {
      gpu.scope(() => {
        const x = gpu.zeros(2, 3);
        expect(() => matmul(x, x)).toThrow(GpuShapeError);
        expect(() => add(x, gpu.zeros(3, 2))).toThrow(GpuShapeError);
        expect(() => slice(x, { rows: [1, 2] })).toThrow(GpuShapeError);
        expect(() => x.reshape(4, 2)).toThrow(GpuShapeError);
        expect(() => gpu.tensor([1, 2, 3], 2, 2)).toThrow(GpuShapeError);
        expect(() => gpu.zeros(1, 1).write([1, 2])).toThrow(GpuShapeError);
        const gone = gpu.zeros(2, 3);
        gone.dispose();
        gone.dispose();
        expect(() => add(x, gone)).toThrow(DisposedTensorError);
        expect(() => gone.read()).toThrow(DisposedTensorError);
        expect(() => gpu.empty(2, gpu.maxElements)).toThrow(TooLargeError);
        expect(Array.from(x.read())).toEqual([0, 0, 0, 0, 0, 0]);
      });
    });
  });
}

const copyOf = (a: { shape: ArrayLike<number>; get(i: number, j: number): number }): Matrix<Float64Array> => {
  const out = zeros(a.shape[0]!, a.shape[1]!);
  const cols = a.shape[1]!;
  for (let i = 0; i < out.data.length; i++) out.data[i] = a.get(Math.floor(i / cols), i % cols);
  return out;
};
