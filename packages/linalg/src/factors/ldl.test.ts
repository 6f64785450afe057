import { addMatrixMatchers, dense, element, flip, frobenius, lapackSymmetricMatrices, single, TestRandom, ULP, withEigenvalues } from "@sumo/testing"; // biome-ignore format: short
import { describe, expect, test } from "vitest";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { eigvalsh } from "../eigh/eigh.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { tril } from "../matrix/diagonal.ts";
import { fromRows, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { ldl } from "./ldl.ts";

addMatrixMatchers();

const signs = (values: ArrayLike<number>): number[] => [
  Array.from(values).filter((x) => x > 0).length,
  Array.from(values).filter((x) => x < 0).length,
];

describe.each(["float32", "float64"] as const)("of %s", (type) => {
  test.each([0, 1, 2, 3, 8, 40])("the factors make up the matrix with rows and columns exchanged, at order %d", (n) => {
    const source = new TestRandom(n);
    const random = dense(n, n, () => source.normal());
    const hollow = dense(n, n, (i, j) => (i === j ? 0 : element(random, Math.max(i, j), Math.min(i, j))));
    const given = [...lapackSymmetricMatrices(n, type, n), { name: "zero diagonal", matrix: hollow }];
    for (const { name, matrix } of given) {
      const a = type === "float32" ? single(matrix) : matrix;
      const { l, d, pivots } = ldl(a as MatrixLike);
      expect([l.dtype, d.dtype], name).toEqual([type, type]);
      expect(tril(l), name).toEqual(l);
      for (let i = 0; i < n; i++) expect(l.get(i, i), name).toBe(1);
      expect(
        l.data.every((x) => Math.abs(x) <= 2.8),
        name,
      ).toBe(true);
      // Blocks of one or two rows: no two neighbouring elements beside the diagonal.
      for (let i = 0; i < n; i++) {
        for (let j = 0; j + 1 < i; j++) expect(d.get(i, j), name).toBe(0);
        if (i > 1) expect(Math.abs(d.get(i, i - 1) * d.get(i - 1, i - 2)), name).toBe(0);
      }
      expect(
        Array.from(pivots).sort((i, j) => i - j),
        name,
      ).toEqual(Array.from({ length: n }, (_, i) => i));
      const exchanged = dense(n, n, (i, j) => element(a, Math.max(pivots[i]!, pivots[j]!), Math.min(pivots[i]!, pivots[j]!))); // biome-ignore format: short
      expect([l, d, flip(l)], name).toReconstruct(exchanged, 30 * n * ULP[type] * frobenius(a));
    }
  });
});

test("d has the inertia of the matrix (Sylvester)", () => {
  const values = [-5, -3, -1, -0.5, 0.25, 1, 2, 8, 9];
  const a = withEigenvalues(values, new TestRandom(3)) as MatrixLike;
  expect(signs(eigvalsh(ldl(a).d))).toEqual([5, 4]);
});

test("every layout gives the same bits, either triangle is enough, any scale is kept", () => {
  const a = fromRows([[0, 2, 1], [2, 0, 3], [1, 3, 0.5]]); // biome-ignore format: a matrix
  const expected = ldl(a);
  for (const view of layouts({ ...a, data: a.data }, "float64")) expect(ldl(view)).toEqual(expected);
  const upper = fromRows([[0, 2, 1], [Number.NaN, 0, 3], [Number.NaN, Number.NaN, 0.5]]); // biome-ignore format: a matrix
  expect(ldl(upper, { triangle: "upper" })).toEqual(expected);
  for (const scale of [2 ** 1000, 2 ** -1000]) {
    const { l, d } = ldl(fromRows(a.toRows().map((row) => row.map((x) => x * scale))));
    expect(l).toEqual(expected.l);
    expect(d.data).toEqual(expected.d.data.map((x) => x * scale));
  }
});

test("zero is factored, other shapes and options are refused", () => {
  expect(ldl(zeros(2, 2))).toEqual({ l: fromRows([[1, 0], [0, 1]]), d: zeros(2, 2), pivots: Int32Array.of(0, 1) }); // biome-ignore format: short
  expect(() => ldl(zeros(2, 3))).toThrow(ShapeError);
  expect(() => ldl(zeros(2, 2), { lower: true } as never)).toThrow(OptionError);
});

refusesBadMatrices("ldl", (a) => ldl(a));
