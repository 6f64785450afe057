import { addMatrixMatchers, dense, element, frobenius, lapackMatrices, single, ULP } from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { OverflowError } from "../errors.ts";
import { tril, triu } from "../matrix/diagonal.ts";
import { fromRows, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { lu } from "./lu.ts";

addMatrixMatchers();

const SHAPES = [[0, 3], [3, 0], [1, 1], [5, 5], [9, 4], [4, 9], [33, 33], [70, 50], [50, 70]] as const; // biome-ignore format: short

onEveryEngine("lu", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    test.each(SHAPES)("gives triangles whose product is the matrix with its rows exchanged, %d × %d", (m, n) => {
      for (const { name, matrix } of lapackMatrices(m, n, type, m + 2 * n)) {
        const a = type === "float32" ? single(matrix) : matrix;
        const { l, u, pivots } = lu(a as MatrixLike);
        expect([l.shape, u.shape], name).toEqual([[m, Math.min(m, n)], [Math.min(m, n), n]]); // biome-ignore format: short
        expect([l.dtype, Array.from(pivots).sort((i, j) => i - j)], name).toEqual([type, Array.from({ length: m }, (_, i) => i)]); // biome-ignore format: short
        expect([tril(l), triu(u)], name).toEqual([l, u]);
        expect(
          l.data.every((x) => Math.abs(x) <= 1),
          name,
        ).toBe(true);
        for (let i = 0; i < Math.min(m, n); i++) expect(l.get(i, i), name).toBe(1);
        const exchanged = dense(m, n, (i, j) => element(a, pivots[i]!, j));
        expect([l, u], name).toReconstruct(exchanged, 30 * Math.max(m, n) * ULP[type] * Math.max(frobenius(a), frobenius(u))); // biome-ignore format: short
      }
    });
  });
});

test("every layout gives the same bits, a singular matrix is factored", () => {
  const a = dense(4, 4, (i, j) => ((3 * i + 5 * j) % 7) - 3);
  const [first, ...others] = layouts(a, "float64").map(lu);
  for (const other of others) expect(other).toEqual(first);
  expect(lu(zeros(2, 2))).toEqual({ l: fromRows([[1, 0], [0, 1]]), u: zeros(2, 2), pivots: Int32Array.of(0, 1) }); // biome-ignore format: short
  expect(() => lu(fromRows([[1e308, 1e308], [-1e308, 1e308]]))).toThrow(OverflowError); // biome-ignore format: short
});

refusesBadMatrices("lu", lu);
