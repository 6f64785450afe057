import { strided } from "@sumo/testing";
import fc from "fast-check";
import ndarray from "ndarray";
import { expect, test } from "vitest";
import { DtypeError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { toRows } from "../matrix/to-rows.ts";
import { add, multiply, scale, subtract } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { multiDot } from "./multi-dot.ts";

const size = fc.nat(5);
/** Two matrices of one shape and dtype, each in a layout of its own. */
const pair = fc
  .tuple(size, size, fc.constantFrom("float32", "float64"))
  .chain(([m, n, dtype]) =>
    fc.tuple(strided(m, n, { dtype, repeats: true }), strided(m, n, { dtype, repeats: true })),
  ) as fc.Arbitrary<[MatrixLike, MatrixLike]>;

const whole = (m: number, n: number, seed: number) =>
  matrix(
    m,
    n,
    Float64Array.from({ length: m * n }, (_, i) => ((seed + 7 * i) % 11) - 5),
  );

test("sums, differences and products go element by element in any layout, and keep the dtype", () => {
  const rules = [
    [add, (x: number, y: number) => x + y],
    [subtract, (x: number, y: number) => x - y],
    [multiply, (x: number, y: number) => x * y],
    [(a: MatrixLike) => scale(a, -0.5), (x: number) => -0.5 * x],
  ] as const;
  const property = fc.property(pair, ([a, b]) => {
    const [left, right] = [toRows(a), toRows(b)];
    for (const [routine, rule] of rules) {
      const result = routine(a, b);
      expect(result.shape).toEqual(Array.from(a.shape));
      expect(result.data.constructor).toBe(a.data.constructor);
      const expected = left.map((row, i) => row.map((x, j) => rule(x, right[i]![j]!)));
      expect(result.toRows()).toEqual(expected);
    }
  });
  fc.assert(property, { seed: 1, numRuns: 100 });
});

test("operands that do not fit are refused, NaN goes through", () => {
  expect(() => add(zeros(2, 3), zeros(3, 2))).toThrow("add: expected b [2, 3], got [3, 2]");
  expect(() => multiply<Float32Array | Float64Array>(zeros(2, 3), zeros(2, 3, "float32"))).toThrow(DtypeError);
  expect(subtract(fromRows([[Number.NaN, Infinity]]), fromRows([[1, 1]])).toRows()).toEqual([[Number.NaN, Infinity]]);
});

test("multiDot multiplies in any grouping, at the least cost", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 3, maxLength: 7 });
  const property = fc.property(sizes, (lengths) => {
    const factors = lengths.slice(1).map((n, i) => whole(lengths[i]!, n, i));
    const inOrder = factors.reduce((product, factor) => matmul(product, factor));
    // Products of small whole numbers are exact in any order; −0 is not told from 0.
    expect(multiDot(factors).toRows().flat().map((x) => x + 0)).toEqual(inOrder.toRows().flat().map((x) => x + 0)); // biome-ignore format: short
  });
  fc.assert(property, { seed: 1, numRuns: 100 });
  // The product of the first two would hold 2·10⁹ numbers.
  const [tall, flat] = [zeros(45_000, 1), zeros(1, 45_000)];
  expect(multiDot([tall, flat, zeros(45_000, 1)]).shape).toEqual([45_000, 1]);
  expect(() => multiDot([identity(2)])).toThrow(ShapeError);
  expect(() => multiDot([identity(2), zeros(2, 3), identity(2)])).toThrow("[2, 3] times [2, 2] at 1 and 2");
  expect(() => multiDot<Float32Array | Float64Array>([identity(2), zeros(2, 3, "float32")])).toThrow(DtypeError);
});

test("a matrix times a vector is a vector, in the vector's form", () => {
  const a = fromRows([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: a matrix
  const x = Float64Array.of(1, 0, -1);
  expect(matmul(a, x)).toEqual(Float64Array.of(-2, -2));
  expect(matmul(a, Float64Array.of(1, -1), { transposeA: true })).toEqual(Float64Array.of(-3, -3, -3));
  const view = matmul(a, ndarray(x).step(-1));
  expect([view.shape, view.get(0), view.get(1)]).toEqual([[2], 2, 2]);
  expect(matmul(zeros(2, 0), new Float64Array(0))).toEqual(new Float64Array(2));
  expect(() => matmul(a, Float64Array.of(1, 2))).toThrow(ShapeError);
  expect(() => matmul(a, x, { transposeB: true })).toThrow(OptionError);
  expect(() => matmul<Float32Array | Float64Array>(a, Float32Array.from(x))).toThrow(DtypeError);
});
