import { addMatrixMatchers, dense, flip, frobenius, minus, single, TestRandom, times, ULP, type View, withEigenvalues, withSingularValues } from "@sumo/testing"; // biome-ignore format: short
import ndarray from "ndarray";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { useEngine } from "../engine/current.ts";
import { createReferenceEngine } from "../engine/reference/reference-engine.ts";
import { DtypeError, NonFiniteError, OptionError, OverflowError, ShapeError, SingularError } from "../errors.ts";
import { lstsq } from "../from-svd/lstsq.ts";
import { pinv } from "../from-svd/pinv.ts";
import { diag } from "../matrix/diagonal.ts";
import { fromRows, identity, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { det, slogdet } from "../solve/det.ts";
import { solve } from "../solve/solve.ts";
import { choleskyFactor } from "./cholesky-factor.ts";
import { luFactor } from "./lu-factor.ts";
import { qrFactor } from "./qr-factor.ts";
import { svdFactor } from "./svd-factor.ts";

addMatrixMatchers();

/** LAPACK's threshold for linear systems (dtest.in). */
const THRESHOLD = 30;
const SIZES = [0, 1, 2, 5, 33, 70];

const random = (m: number, n: number, seed: number) => {
  const source = new TestRandom(seed);
  return dense(m, n, () => source.normal());
};
const definite = (n: number, seed: number) =>
  withEigenvalues(
    Array.from({ length: n }, (_, i) => 0.5 ** (i / Math.max(1, n - 1) / 0.1)),
    new TestRandom(seed),
  );

onEveryEngine("factors", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each(SIZES)("solve again and again with LAPACK's residual, and invert, at order %d", (n) => {
      const general = typed(random(n, n, n + 1));
      const symmetric = typed(definite(n, n + 2));
      const unit = (a: View): number => THRESHOLD * Math.max(1, n) * ulp * frobenius(a);
      for (const [a, factor] of [
        [general, luFactor(general)],
        [symmetric, choleskyFactor(symmetric)],
      ] as const) {
        for (const p of [1, 4]) {
          const b = typed(random(n, p, n + p));
          const x = factor.solve(b);
          expect(x.dtype).toBe(type);
          expect([a, x]).toReconstruct(b, unit(a) * frobenius(x));
        }
        const inverse = factor.inverse();
        expect([a, inverse]).toReconstruct(identity(n), unit(a) * frobenius(inverse));
        const { sign, logAbsDet } = factor.slogdet();
        const bound = THRESHOLD * n * frobenius(a) * frobenius(inverse) * ULP.float64;
        expect(Math.abs(factor.det() / det(a) - 1)).toBeLessThanOrEqual(bound);
        expect(sign).toBe(Math.sign(det(a)));
        expect(Math.abs(logAbsDet - Math.log(Math.abs(det(a))))).toBeLessThanOrEqual(2 * bound);
      }
    });

    test.each([
      [1, 1],
      [7, 3],
      [60, 40],
      [3, 3],
      [5, 0],
    ])("qrFactor leaves a residual orthogonal to the columns, %d × %d", (m, n) => {
      // biome-ignore format: short
      const a = typed(random(m, n, m));
      const b = typed(random(m, 2, n));
      const x = qrFactor(a).solve(b);
      const residual = minus(times(a, x), b);
      expect(frobenius(times(flip(a), residual))).toBeLessThanOrEqual(THRESHOLD * m * ulp * frobenius(a) * (frobenius(b) + frobenius(a) * frobenius(x))); // biome-ignore format: short
    });

    test.each([
      [4, 4, 4],
      [7, 3, 2],
      [3, 7, 3],
      [30, 20, 11],
      [2, 3, 0],
    ])("svdFactor solves as lstsq and inverts as pinv, %d × %d of rank %d", (m, n, rank) => {
      // biome-ignore format: short
      const s = Array.from({ length: Math.min(m, n) }, (_, i) => (i < rank ? 1 / (1 + i) : 0));
      const a = typed(withSingularValues(m, n, s, new TestRandom(rank)));
      const b = typed(random(m, 2, rank));
      const options = { tolerance: 1e-4 };
      const factor = svdFactor(a, options);
      expect(factor.rank).toBe(rank);
      const unit = THRESHOLD * Math.max(m, n) * ulp * Math.max(1, rank) ** 2;
      expect(factor.solve(b)).toBeCloseMatrix(lstsq(a, b, options).x, unit * frobenius(b));
      expect(factor.pseudoInverse()).toBeCloseMatrix(pinv(a, options), unit);
    });
  });

  test("a vector gives a vector in its own form", () => {
    const a = fromRows([[4, 1], [1, 3]]); // biome-ignore format: a matrix
    const b = Float64Array.of(9, 5);
    for (const factor of [luFactor(a), choleskyFactor(a), qrFactor(a), svdFactor(a)]) {
      const x = factor.solve(b);
      expect(x).toBeInstanceOf(Float64Array);
      expect(Math.hypot(x[0]! - 2, x[1]! - 1)).toBeLessThanOrEqual(16 * ULP.float64);
      const view = factor.solve(ndarray(b.toReversed()).step(-1));
      expect(view.shape).toEqual([2]);
      expect([view.get(0), view.get(1)]).toEqual(Array.from(x));
    }
  });

  test("every layout gives the same bits", () => {
    for (const factor of [luFactor, choleskyFactor, qrFactor, svdFactor]) {
      const [first, ...others] = layouts(definite(5, 3), "float64").map((a) => factor(a).solve(random(5, 2, 1)));
      for (const other of others) expect(other.data).toEqual(first!.data);
    }
  });

  test("rows and columns may be in different units, and determinants outside of the range", () => {
    const a = diag(Float64Array.of(1e-200, 1e200, 1));
    for (const factor of [luFactor(a), choleskyFactor(a), qrFactor(a)]) {
      const x = factor.solve(Float64Array.of(1e-200, 2e200, 3));
      [1, 2, 3].forEach((value, i) => {
        expect(Math.abs(x[i]! / value - 1)).toBeLessThanOrEqual(8 * ULP.float64);
      });
    }
    const large = diag(new Float64Array(4).fill(-1e200));
    expect([luFactor(large).det(), slogdet(large).sign]).toEqual([Infinity, 1]);
    for (const { logAbsDet } of [
      luFactor(large).slogdet(),
      slogdet(large),
      choleskyFactor(diag(new Float64Array(4).fill(1e200))).slogdet(),
    ]) {
      // biome-ignore format: short
      expect(Math.abs(logAbsDet / (800 * Math.LN10) - 1)).toBeLessThanOrEqual(16 * ULP.float64);
    }
    expect(() => luFactor(diag(Float64Array.of(1e-200))).solve(Float64Array.of(1e200))).toThrow(OverflowError);
    expect(() => choleskyFactor(diag(Float64Array.of(1e-200))).solve(Float64Array.of(1e200))).toThrow(OverflowError);
    expect(() => svdFactor(diag(Float64Array.of(1e-200))).solve(Float64Array.of(1e200))).toThrow(OverflowError);
  });

  test("elimination that grows is not trusted: Wilkinson's matrix solves as well as any", () => {
    const n = 60;
    const a = dense(n, n, (i, j) => (i === j || j === n - 1 ? 1 : i > j ? -1 : 0));
    const b = random(n, 1, 5);
    expect([a, luFactor(a).solve(b)]).toReconstruct(
      b,
      THRESHOLD * n * ULP.float64 * frobenius(a) * frobenius(solve(a, b)),
    );
  });
});

test("a factor keeps what it needs: the matrix and the engine may change", () => {
  const a = fromRows([[4, 1], [1, 3]]); // biome-ignore format: a matrix
  const factors = [luFactor(a), choleskyFactor(a), qrFactor(a), svdFactor(a)];
  a.data.fill(Number.NaN);
  useEngine(createReferenceEngine({ bytes: 2 ** 20 }));
  for (const factor of factors) {
    const x = factor.solve(Float64Array.of(9, 5));
    expect(Math.hypot(x[0]! - 2, x[1]! - 1)).toBeLessThanOrEqual(16 * ULP.float64);
  }
});

test("singular, indefinite and dependent matrices are refused where they must be", () => {
  const singular = fromRows([[1, 2], [2, 4]]); // biome-ignore format: a matrix
  const factor = luFactor(singular);
  expect([factor.det(), factor.slogdet()]).toEqual([0, { sign: 0, logAbsDet: -Infinity }]);
  expect(slogdet(singular)).toEqual({ sign: 0, logAbsDet: -Infinity });
  expect(() => factor.solve(identity(2))).toThrow("luFactor: singular: pivot 1 is zero");
  expect(() => factor.inverse()).toThrow(SingularError);
  expect(() => choleskyFactor(fromRows([[1, 2], [2, 1]]))).toThrow("choleskyFactor: not positive definite: pivot 1"); // biome-ignore format: short
  expect(() => qrFactor(zeros(3, 2)).solve(Float64Array.of(1, 2, 3))).toThrow(SingularError);
  expect(() => qrFactor(zeros(2, 3))).toThrow(ShapeError);
  expect(slogdet(zeros(0, 0))).toEqual({ sign: 1, logAbsDet: 0 });
});

test("the upper triangle alone, if asked", () => {
  const a = fromRows([[4, 1], [Number.NaN, 3]]); // biome-ignore format: a matrix
  const x = choleskyFactor(a, { triangle: "upper" }).solve(Float64Array.of(9, 5));
  expect(Math.hypot(x[0]! - 2, x[1]! - 1)).toBeLessThanOrEqual(16 * ULP.float64);
  expect(() => choleskyFactor(a)).toThrow(expect.objectContaining({ index: [1, 0] }));
  expect(() => choleskyFactor(a.T, { triangle: "upper" })).toThrow(expect.objectContaining({ index: [0, 1] }));
  expect(() => choleskyFactor(a, { triangle: "U" } as never)).toThrow(OptionError);
});

test("right-hand sides that do not fit are refused", () => {
  for (const routine of [luFactor, choleskyFactor, qrFactor, svdFactor]) {
    const factor = routine<Float32Array | Float64Array>(identity(2));
    const named = (call: () => unknown, error: new (...args: never[]) => Error): void => {
      expect(call).toThrow(error);
      expect(call).toThrow(expect.objectContaining({ operation: routine.name }));
    };
    named(() => factor.solve(Float64Array.of(1, 2, 3)), ShapeError);
    named(() => factor.solve(zeros(3, 1)), ShapeError);
    named(() => factor.solve(Float32Array.of(1, 2)), DtypeError);
    named(() => factor.solve(matrix(2, 1, Float64Array.of(1, Number.NaN))), NonFiniteError);
    for (const foreign of [null, undefined, [1, 2], 3, {}]) {
      expect(() => factor.solve(foreign as never)).toThrow(expect.objectContaining({ code: "LINALG_ARGUMENT" }));
    }
  }
});

refusesBadMatrices("luFactor", luFactor);
refusesBadMatrices("choleskyFactor", (a) => choleskyFactor(a));
refusesBadMatrices("qrFactor", qrFactor);
refusesBadMatrices("svdFactor", (a) => svdFactor(a));
refusesBadMatrices("slogdet", (a) => slogdet(a));
