import { hilbert, TestRandom, ULP, withSingularValues } from "@sumo/testing";
import { expect, test } from "vitest";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, identity, matrix, zeros } from "../matrix/matrix.ts";
import { norm } from "../products/norm.ts";
import { inv } from "../solve/inv.ts";
import { cond } from "./cond.ts";

const KINDS = ["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity] as const;

test.each(KINDS)("cond of kind %s is the norm times that of the inverse, at any scale", (kind) => {
  const source = new TestRandom(1);
  const a = matrix(
    6,
    6,
    Float64Array.from({ length: 36 }, () => source.normal()),
  );
  const expected = norm(a, kind) * norm(inv(a), kind);
  const tolerance = 8 * 6 * cond(a) * ULP.float64;
  for (const scale of [1, 2 ** 1000, 2 ** -1000]) {
    const scaled = matrix(6, 6, a.data.map((x) => x * scale)); // biome-ignore format: short
    expect(Math.abs(cond(scaled, kind) / expected - 1)).toBeLessThanOrEqual(tolerance);
  }
  expect(cond(zeros(2, 2), kind)).toBe(Infinity);
  expect(cond(fromRows([[1, 2], [2, 4]]), kind)).toBeGreaterThanOrEqual(kind === -2 ? 0 : 1e15); // biome-ignore format: short
});

test("conditions of the identity and of Hilbert's matrix", () => {
  expect(KINDS.map((kind) => cond(identity(4), kind))).toEqual([4, 16, 1, 1, 1, 1, 1, 1]);
  // Tabulated for order 3: the inverse is of whole numbers, so 11/6 · 408.
  expect(Math.abs(cond(hilbert(3), 1) / 748 - 1)).toBeLessThanOrEqual(748 * 8 * ULP.float64);
  expect(Math.abs(cond(withSingularValues(5, 3, [8, 2, 1], new TestRandom(3)), -2) - 1 / 8)).toBeLessThanOrEqual(
    64 * ULP.float64,
  );
});

test("refuses unknown kinds and shapes", () => {
  for (const kind of [0, 3, "max", null]) expect(() => cond(identity(2), kind as 1)).toThrow(OptionError);
  for (const kind of ["fro", "nuc", 1, Infinity] as const) expect(() => cond(zeros(3, 2), kind)).toThrow(ShapeError);
  for (const kind of KINDS) {
    expect(() => cond(zeros(0, 0), kind)).toThrow(ShapeError);
    expect(() => cond(fromRows([[1, 0], [Number.NaN, 1]]), kind)).toThrow(NonFiniteError); // biome-ignore format: short
    expect(() => cond(fromRows([[Number.NaN]]), kind)).toThrow(expect.objectContaining({ operation: "cond" }));
  }
});
