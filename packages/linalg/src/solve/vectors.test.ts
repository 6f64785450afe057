import ndarray from "ndarray";
import { expect, test } from "vitest";
import { DtypeError, NonFiniteError, ShapeError } from "../errors.ts";
import { lstsq } from "../from-svd/lstsq.ts";
import { fromRows, identity, matrix } from "../matrix/matrix.ts";
import { solve } from "./solve.ts";

const a = fromRows([[0, 2], [1, 0]]); // biome-ignore format: a matrix

test("a right-hand side that is a vector gives the solution of its column, in its own form", () => {
  const b = Float64Array.of(2, 3);
  expect(solve(a, b)).toEqual(Float64Array.of(3, 1));
  expect(solve(matrix(2, 2, Float32Array.from(a.data)), Float32Array.from(b))).toEqual(Float32Array.of(3, 1));
  const column = matrix(2, 2, Float64Array.of(2, 9, 3, 9)).pick(null, 0);
  for (const view of [ndarray(b), ndarray(b.toReversed()).step(-1), column]) {
    const x = solve(a, view);
    expect([x.shape, x.get(0), x.get(1)]).toEqual([[2], 3, 1]);
  }
  const { x, rank, s } = lstsq(fromRows([[1], [1]]), Float64Array.of(1, 3));
  expect([x.length, rank, s.length]).toEqual([1, 1, 1]);
  expect(x[0]).toBeCloseTo(2, 14);
  expect(lstsq(fromRows([[1], [1]]), ndarray(Float64Array.of(1, 3))).x.shape).toEqual([1]);
  expect([solve(identity(0), new Float64Array(0)), b]).toEqual([new Float64Array(0), Float64Array.of(2, 3)]);
});

test("vectors that do not fit are refused", () => {
  for (const routine of [solve, lstsq] as ((a: unknown, b: unknown) => unknown)[]) {
    expect(() => routine(a, Float64Array.of(1, 2, 3))).toThrow(ShapeError);
    expect(() => routine(a, Float32Array.of(1, 2))).toThrow(DtypeError);
    expect(() => routine(a, Int32Array.of(1, 2))).toThrow(DtypeError);
    expect(() => routine(a, Float64Array.of(1, Number.NaN))).toThrow(NonFiniteError);
    expect(() => routine(a, { data: new Float64Array(1), shape: [2], stride: [1], offset: 0 })).toThrow(ShapeError);
    for (const foreign of [[1, 2], null, undefined, 3, "12"]) {
      expect(() => routine(a, foreign)).toThrow(expect.objectContaining({ code: "LINALG_ARGUMENT" }));
    }
  }
});
