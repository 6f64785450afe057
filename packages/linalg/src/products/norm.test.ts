import { TestRandom, ULP, withSingularValues } from "@sumo/testing";
import ndarray from "ndarray";
import { describe, expect, test } from "vitest";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, identity, matrix, zeros } from "../matrix/matrix.ts";
import { columnNorms, rowNorms } from "./line-norms.ts";
import { norm } from "./norm.ts";

const ORDERS = [1, 2, 3, 0.5, 7.5, 40, 3000, -1, -2, -0.5, -40, Infinity, -Infinity];
const x = Float64Array.of(3, -4, 0.5, 12, -1);
const near = (value: number, expected: number): void =>
  expect(Math.abs(value / expected - 1)).toBeLessThanOrEqual(16 * ULP.float64);

describe("of vectors", () => {
  test.each(ORDERS)("order %d is homogeneous to the ends of the range", (p) => {
    const value = norm(x, p);
    for (const scale of [2 ** 1000, 2 ** -1000]) near(norm(x.map((element) => element * scale), p) / scale, value); // biome-ignore format: short
    near(norm(ndarray(x).step(-1), p), value);
    near(norm(Float32Array.from(x), p), value);
  });

  test.each(ORDERS)("order %d of one element is its magnitude", (p) => near(norm(Float64Array.of(-3), p), 3));

  test("norms of positive order fall from the sum to the largest, and satisfy Hölder's inequality", () => {
    const values = [0.5, 1, 2, 3, 7.5, 40, 3000, Infinity].map((p) => norm(x, p));
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    const y = Float64Array.of(1, -7, 2, 0.25, 5);
    const product = Math.abs(x.reduce((sum, value, i) => sum + value * y[i]!, 0));
    for (const [p, q] of [
      [1, Infinity],
      [2, 2],
      [3, 1.5],
      [4, 4 / 3],
    ] as const) {
      // biome-ignore format: short
      expect(product).toBeLessThanOrEqual(norm(x, p) * norm(y, q));
    }
  });

  test("by hand", () => {
    expect(norm(Float64Array.of(3, -4))).toBe(5);
    expect(ORDERS.slice(-2).map((p) => norm(x, p))).toEqual([12, 0.5]);
    expect([norm(x, 1), norm(x, 0), norm(Float64Array.of(0, 2, 0), 0)]).toEqual([20.5, 5, 1]);
    near(norm(Float64Array.of(1, 2, 2), -1), 0.5);
    near(norm(Float64Array.of(1, 2, 3), 3), Math.cbrt(36));
    // A zero makes a norm of negative order zero.
    for (const p of [-1, -2, -7, -Infinity]) expect(norm(Float64Array.of(0, 5), p)).toBe(0);
    for (const p of [0, 1, 2, 3, Infinity]) expect([norm(new Float64Array(0), p), norm(new Float64Array(2), p)]).toEqual([0, 0]); // biome-ignore format: short
  });

  test("refuses what has no norm", () => {
    expect(() => norm(new Float64Array(0), -1)).toThrow(ShapeError);
    for (const kind of ["fro", "nuc", Number.NaN, null]) expect(() => norm(x, kind as 1)).toThrow(OptionError);
    expect(() => norm(Float64Array.of(1, Number.NaN))).toThrow(NonFiniteError);
  });
});

describe("of matrices", () => {
  const a = fromRows([[1, -5, 0], [2, 2, 0.5]]); // biome-ignore format: a matrix

  test("the smallest counterparts of the largest sums and singular value", () => {
    expect([1, -1, Infinity, -Infinity].map((kind) => norm(a, kind))).toEqual([7, 0.5, 6, 4.5]);
    const known = withSingularValues(6, 4, [8, 2, 1, 0.25], new TestRandom(1));
    expect(Math.abs(norm(known, -2) - 0.25)).toBeLessThanOrEqual(32 * ULP.float64 * 8);
    expect(norm(fromRows([[1, 1], [1, 1]]), -2)).toBeLessThanOrEqual(8 * ULP.float64); // biome-ignore format: a matrix
    for (const kind of [1, -1, 2, -2, Infinity, -Infinity]) near(norm(identity(3), kind), 1);
  });

  test("refuses unknown kinds, and the smallest of nothing", () => {
    for (const kind of [0, 3, "max", null, Number.NaN]) expect(() => norm(a, kind as 1)).toThrow(OptionError);
    expect(() => norm(zeros(0, 2), -2)).toThrow(ShapeError);
    expect(() => norm(zeros(2, 0), -1)).toThrow(ShapeError);
    expect(() => norm(zeros(0, 2), -Infinity)).toThrow(ShapeError);
    expect([norm(zeros(0, 2), -1), norm(zeros(2, 0), -Infinity)]).toEqual([0, 0]);
  });

  test.each(ORDERS)("order %d of rows and columns is that of each as a vector", (p) => {
    const values = Float64Array.from({ length: 12 }, (_, i) => Math.sin(1 + i));
    for (const view of [matrix(3, 4, values), matrix(3, 4, values).T, matrix(3, 4, values).step(-1, 2)]) {
      const rows = view.toRows().map((row) => norm(Float64Array.from(row), p));
      expect(Array.from(rowNorms(view, p))).toEqual(rows);
      expect(Array.from(columnNorms(view.T, p))).toEqual(rows);
    }
  });

  test("rows and columns without elements, and what is refused", () => {
    expect([rowNorms(zeros(2, 0)), columnNorms(zeros(2, 0))]).toEqual([new Float64Array(2), new Float64Array(0)]);
    expect(() => rowNorms(zeros(2, 0), -1)).toThrow(ShapeError);
    expect(() => columnNorms(a, "fro" as never)).toThrow(OptionError);
    expect(() => rowNorms(fromRows([[1, Infinity]]))).toThrow(expect.objectContaining({ operation: "rowNorms" }));
  });
});
