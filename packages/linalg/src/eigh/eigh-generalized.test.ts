import { addMatrixMatchers, dense, element, flip, frobenius, scaleColumns, single, TestRandom, times, ULP, type View, withEigenvalues } from "@sumo/testing"; // biome-ignore format: short
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { refusesBadMatrices } from "../../test/refusals.ts";
import { DtypeError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { cholesky } from "../solve/cholesky.ts";
import { eigh, eigvalsh } from "./eigh.ts";
import { eighGeneralized } from "./eigh-generalized.ts";

addMatrixMatchers();

const spread = (n: number, from: number, to: number): number[] =>
  Array.from({ length: n }, (_, i) => from + ((to - from) * i) / Math.max(1, n - 1));

onEveryEngine("generalized eigenvalues", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each([0, 1, 2, 9, 40])("satisfy a v = λ b v with b-orthonormal vectors at order %d", (n) => {
      const a = typed(withEigenvalues(spread(n, -3, 5), new TestRandom(n)));
      const b = typed(withEigenvalues(spread(n, 0.5, 2), new TestRandom(n + 1)));
      const { values, vectors } = eighGeneralized(a, b);
      const unit = 30 * Math.max(1, n) * ulp;
      expect([flip(vectors), b, vectors]).toReconstruct(identity(n), unit * 4);
      const right = scaleColumns(times(b, vectors), values);
      expect(times(a, vectors)).toBeCloseMatrix(right, unit * 10 * Math.max(1, frobenius(vectors)));
      expect(Array.from(values)).toEqual(Array.from(values).sort((x, y) => x - y));
    });

    test("are known where a and b are powers of one matrix, at any scale", () => {
      // a = b², so the values are those of b.
      const values = [0.5, 1, 3, 4];
      const base = withEigenvalues(values, new TestRandom(5));
      const square = times(base, base);
      for (const scale of type === "float32" ? [1, 2 ** 60] : [1, 2 ** 500, 2 ** -500]) {
        const a = typed(dense(4, 4, (i, j) => element(square, i, j) * scale));
        const b = typed(dense(4, 4, (i, j) => element(base, i, j) / scale));
        eighGeneralized(a, b).values.forEach((value, i) => {
          expect(Math.abs(value / scale / scale - values[i]!)).toBeLessThanOrEqual(64 * 32 * ulp);
        });
      }
    });
  });
});

test("with the identity it is eigh, signs and all", () => {
  const a = withEigenvalues([-2, 1, 1.5, 7], new TestRandom(8)) as MatrixLike;
  const [{ values, vectors }, plain] = [eighGeneralized(a, identity(4)), eigh(a)];
  expect(vectors).toBeCloseMatrix(plain.vectors, 256 * ULP.float64);
  values.forEach((value, i) => {
    expect(Math.abs(value - plain.values[i]!)).toBeLessThanOrEqual(64 * ULP.float64);
  });
});

test("cholesky, eigh and the generalized problem read the named triangle alone", () => {
  const whole = withEigenvalues([1, 2, 4], new TestRandom(9));
  const half = (lower: boolean): MatrixLike =>
    fromRows(Array.from({ length: 3 }, (_, i) => Array.from({ length: 3 }, (_, j) => (i === j || i > j === lower ? element(whole, Math.max(i, j), Math.min(i, j)) : Number.NaN)))); // biome-ignore format: short
  const [lower, upper] = [half(true), half(false)];
  const options = { triangle: "upper" } as const;
  expect(cholesky(upper, options)).toEqual(cholesky(lower));
  expect(eigh(upper, options)).toEqual(eigh(lower));
  expect(eigvalsh(upper, options)).toEqual(eigvalsh(lower, { triangle: "lower" }));
  expect(eighGeneralized(upper, upper, options)).toEqual(eighGeneralized(lower, lower));
  for (const routine of [cholesky, eigh, eigvalsh, (a: MatrixLike, o: object) => eighGeneralized(a, a, o)]) {
    expect(() => routine(upper, {})).toThrow(expect.objectContaining({ index: [1, 0] }));
    expect(() => routine(lower, options)).toThrow(expect.objectContaining({ index: [0, 1] }));
    for (const triangle of ["U", true, null, 0])
      expect(() => routine(lower, { triangle } as never)).toThrow(OptionError);
  }
});

test("what is not positive definite, or does not fit, is refused", () => {
  const indefinite = fromRows([[1, 2], [2, 1]]); // biome-ignore format: a matrix
  expect(() => eighGeneralized(identity(2), indefinite)).toThrow(
    "eighGeneralized: b is not positive definite: pivot 1",
  );
  expect(() => eighGeneralized(identity(2), zeros(2, 2))).toThrow("pivot 0");
  expect(() => eighGeneralized(identity(2), identity(3))).toThrow(ShapeError);
  expect(() => eighGeneralized<Float32Array | Float64Array>(identity(2), identity(2, "float32"))).toThrow(DtypeError);
});

refusesBadMatrices("eighGeneralized", (a) => eighGeneralized(a, a));
refusesBadMatrices("eighGeneralized", (b) => eighGeneralized(identity(2), b));
