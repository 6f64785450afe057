import { addMatrixMatchers, dense, frobenius, TestRandom, times, ULP } from "@sumo/testing";
import { expect, test } from "vitest";
import { OptionError, ShapeError } from "../errors.ts";
import { fromRows, identity, matrix, zeros } from "../matrix/matrix.ts";
import { matmul } from "./matmul.ts";
import { matrixPower } from "./matrix-power.ts";

addMatrixMatchers();

test("powers of whole numbers are exact: Fibonacci's", () => {
  const a = fromRows([[1, 1], [1, 0]]); // biome-ignore format: a matrix
  const fibonacci = [0, 1];
  for (let i = 2; i <= 70; i++) fibonacci.push(fibonacci[i - 1]! + fibonacci[i - 2]!);
  for (let p = 1; p < 70; p++) {
    expect(matrixPower(a, p).toRows()).toEqual([[fibonacci[p + 1], fibonacci[p]], [fibonacci[p], fibonacci[p - 1]]]); // biome-ignore format: short
  }
  expect(matrixPower(a, 10).data).toBeInstanceOf(Float64Array);
});

test("negative powers undo positive ones, exponents add", () => {
  const source = new TestRandom(2);
  const n = 12;
  const a = dense(n, n, (i, j) => (i === j ? 2 : 0) + source.normal() / n);
  for (const p of [1, 2, 5, 9]) {
    const [forth, back] = [matrixPower(a, p), matrixPower(a, -p)];
    const unit = 30 * p * n * ULP.float64 * frobenius(forth) * frobenius(back);
    expect([forth, back]).toReconstruct(identity(n), unit);
    expect(matrixPower(a, p + 1)).toBeCloseMatrix(times(forth, a), 30 * p * n * ULP.float64 * frobenius(forth) * frobenius(a)); // biome-ignore format: short
  }
  expect(matrixPower(a, 0)).toEqual(identity(n));
});

test("the dtype stays, and the input", () => {
  const a = matrix(2, 2, Float32Array.of(0.1, 0, 0, 0.2));
  const before = a.data.slice();
  const cube = matrixPower(a, 3);
  expect(cube.data).toEqual(Float32Array.of(Math.fround(0.1) ** 3, 0, 0, Math.fround(0.2) ** 3));
  expect(a.data).toEqual(before);
  const once = matrixPower(a, 1);
  once.data.fill(0);
  expect(a.data).toEqual(before);
  expect(matrixPower(fromRows([[Number.NaN]]), 2).get(0, 0)).toBeNaN();
  expect(matmul(a, a).dtype).toBe("float32");
});

test("what has no such power is refused by name", () => {
  for (const exponent of [0.5, Number.NaN, Infinity, "2", null]) {
    expect(() => matrixPower(identity(2), exponent as number)).toThrow(OptionError);
  }
  expect(() => matrixPower(zeros(2, 3), 2)).toThrow(ShapeError);
  expect(() => matrixPower(zeros(2, 2), -1)).toThrow("matrixPower: singular: pivot 0 is zero");
});
