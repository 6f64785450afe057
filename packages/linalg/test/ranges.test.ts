import { expect, test } from "vitest";
import {
  cholesky,
  eigvalsh,
  fillNormal,
  fillUniform,
  fromRows,
  inv,
  type Matrix,
  matmul,
  matrix,
  OverflowError,
  qr,
  rangeFinder,
  solve,
  solveTriangular,
  svdvals,
  zeros,
} from "../src/index.ts";
import { onEveryEngine } from "./on-every-engine.ts";

const EPS = Number.EPSILON;

/** A well-conditioned n × n matrix: the identity and small random numbers. */
function nearIdentity(n: number, seed: number): Matrix<Float64Array> {
  const a = matrix(n, n, new Float64Array(n * n));
  fillNormal(a.data, [seed, 0, 0]);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a.set(i, j, (i === j ? 1 : 0) + a.get(i, j) / (4 * n));
  return a;
}

/** n powers of two whose exponents lie in [−most, most]. */
function units(n: number, most: number, seed: number): number[] {
  const random = new Float64Array(n);
  fillUniform(random, [seed, 1, 0]);
  return Array.from(random, (x) => 2 ** Math.round((2 * x - 1) * most));
}

/** diag(r) a diag(c), exact. */
function inUnits(a: Matrix<Float64Array>, r: readonly number[], c: readonly number[]): Matrix<Float64Array> {
  const [m, n] = a.shape as [number, number];
  const out = zeros(m, n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out.set(i, j, a.get(i, j) * r[i]! * c[j]!);
  return out;
}

/** Each element to its own relative error. */
function near(actual: Matrix<Float64Array>, expected: (i: number, j: number) => number, tolerance: number): void {
  for (let i = 0; i < actual.shape[0]!; i++) {
    for (let j = 0; j < actual.shape[1]!; j++) {
      const value = expected(i, j);
      expect(Math.abs(actual.get(i, j) - value), `[${i}, ${j}]`).toBeLessThanOrEqual(tolerance * Math.abs(value));
    }
  }
}

onEveryEngine("rows and columns in different units", () => {
  for (const [n, seed] of [
    [1, 1],
    [2, 2],
    [5, 3],
    [33, 4],
    [70, 5],
  ] as const) {
    const ones = new Array<number>(n).fill(1);
    // Exponents of which two sums stay in the range.
    const [r, c] = [units(n, 240, seed), units(n, 240, seed + 100)];
    const a = nearIdentity(n, seed);
    // Solutions whose elements do not cancel: y = 1, 2, 3 …
    const y = matrix(
      n,
      1,
      Float64Array.from({ length: n }, (_, i) => 1 + (i % 7)),
    );
    const tolerance = 64 * n * EPS;

    test(`solve and inv take them, order ${n}`, () => {
      const x = solve(inUnits(a, r, c), inUnits(matmul(a, y), r, [1]));
      near(x, (i) => y.get(i, 0) / c[i]!, tolerance);
      // inv(R A C) = C⁻¹ inv(A) R⁻¹.
      const reciprocal = (values: number[]): number[] => values.map((value) => 1 / value);
      const expected = inUnits(inv(a), reciprocal(c), reciprocal(r));
      const scale = (i: number, j: number): number => 1 / c[i]! / r[j]!;
      const actual = inv(inUnits(a, r, c));
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          expect(Math.abs(actual.get(i, j) - expected.get(i, j))).toBeLessThanOrEqual(tolerance * scale(i, j));
        }
      }
    });

    test(`solveTriangular takes them, order ${n}`, () => {
      for (const lower of [false, true]) {
        const t = zeros(n, n);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (lower ? j <= i : j >= i) t.set(i, j, a.get(i, j));
        const x = solveTriangular(inUnits(t, r, c), inUnits(matmul(t, y), r, [1]), { lower });
        near(x, (i) => y.get(i, 0) / c[i]!, tolerance);
      }
    });

    test(`cholesky and Jacobi's eigenvalues take them, order ${n}`, () => {
      const definite = matmul(a, a, { transposeB: true });
      // cholesky(D S D) = D cholesky(S).
      const [l, expected] = [cholesky(inUnits(definite, r, r)), inUnits(cholesky(definite), r, ones)];
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          expect(Math.abs(l.get(i, j) - expected.get(i, j))).toBeLessThanOrEqual(tolerance * r[i]!);
        }
      }
      if (n > 33) return;
      // The product of the eigenvalues is the determinant, in logarithms: none of them may vanish.
      const logs = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + Math.log2(x), 0);
      const expectedLogs = logs(eigvalsh(definite)) + 2 * logs(r);
      expect(logs(eigvalsh(inUnits(definite, r, r), { method: "jacobi" }))).toBeCloseTo(expectedLogs, 6);
    });

    test(`qr keeps each column's digits, order ${n}`, () => {
      const [wide, narrow] = [qr(inUnits(a, ones, c)), qr(a)];
      for (let i = 0; i < n; i++) {
        for (let j = i; j < n; j++) {
          expect(Math.abs(wide.r.get(i, j) - narrow.r.get(i, j) * c[j]!)).toBeLessThanOrEqual(tolerance * c[j]!);
        }
      }
    });
  }

  test("elements near the ends of the range, as in reports", () => {
    const column = (...values: number[]): Matrix<Float64Array> => matrix(values.length, 1, Float64Array.from(values));
    const far = fromRows([
      [1e-200, 0],
      [0, 1e200],
    ]);
    expect(Array.from(solve(far, column(1e-200, 1e200)).data)).toEqual([1, 1]);
    near(cholesky(far), (i, j) => (i !== j ? 0 : i === 0 ? 1e-100 : 1e100), 4 * EPS);
    near(
      inv(
        fromRows([
          [1e-156, 0],
          [0, 1e156],
        ]),
      ),
      (i, j) => (i !== j ? 0 : i === 0 ? 1e156 : 1e-156),
      4 * EPS,
    );
    expect(
      Array.from(
        solve(
          fromRows([
            [1, 0],
            [0, 1],
          ]),
          column(1e300, 1e-300),
        ).data,
      ),
    ).toEqual([1e300, 1e-300]);
    near(
      qr(
        fromRows([
          [1e300, 1e-300],
          [1e300, -1e-300],
        ]),
      ).r,
      (i, j) => (i > j ? 0 : Math.SQRT2 * (i === 0 ? (j === 0 ? 1e300 : 0) : 1e-300)),
      1e-15,
    );
    const values = eigvalsh(
      fromRows([
        [1e-165, 0],
        [0, 1e165],
      ]),
      { method: "jacobi" },
    );
    expect(values[0]! / 1e-165).toBeCloseTo(1, 14);
  });

  test("a result outside the range is refused, and nothing is written", () => {
    expect(() =>
      inv(
        fromRows([
          [1e-310, 0],
          [0, 1],
        ]),
      ),
    ).toThrow(OverflowError);
    expect(() => solve(fromRows([[1e-200]]), fromRows([[1e200]]))).toThrow(OverflowError);
    expect(() =>
      svdvals(
        fromRows([
          [1.5e308, 1.5e308],
          [1.5e308, 1.5e308],
        ]),
      ),
    ).toThrow(OverflowError);
    expect(() => qr(fromRows([[1.5e308], [1.5e308]]))).toThrow(OverflowError);
  });

  test("solve keeps its residual where elimination's elements grow, as on Wilkinson's matrix", () => {
    for (const n of [10, 40, 60, 100]) {
      const a = zeros(n, n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) a.set(i, j, -1);
        a.set(i, i, 1);
        a.set(i, n - 1, 1);
      }
      const y = matrix(
        n,
        1,
        Float64Array.from({ length: n }, (_, i) => 1 + (i % 3)),
      );
      const x = solve(a, matmul(a, y));
      // The condition is below n; up to order 26 growth costs digits, beyond it nothing.
      near(x, (i) => y.get(i, 0), 8 * n * n * EPS * Math.min(2 ** (n - 1), 2 ** 26) ** (n > 26 ? 0 : 1));
    }
  });
});

onEveryEngine("a warm start of the range finder", () => {
  const a = fromRows([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 10],
    [1, 0, 1],
  ]);
  const { q, s } = rangeFinder(a, 2);

  test("may have any length and skew", () => {
    for (const [x, y, z, w] of [
      [10, 0, 0, 10],
      [1e-3, 0, 0, 1e-3],
      [1, 0.9, 0, 0.1],
      [1e200, 0, 1, 1e-200],
    ] as const) {
      const start = matmul(
        q,
        fromRows([
          [x, y],
          [z, w],
        ]),
      );
      const warm = rangeFinder(a, 2, { start });
      for (const [i, value] of warm.s.entries()) {
        expect(value).toBeLessThanOrEqual(svdvals(a)[i]! * (1 + 1e-12));
        expect(value).toBeGreaterThan(0.99 * s[i]!);
      }
    }
  });

  test("outside the range, or dependent, gives way to random numbers", () => {
    const below = fromRows([
      [0, 0, 0],
      [0, 0, 0],
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 10],
    ]);
    const exact = svdvals(below);
    for (const start of [
      fromRows([
        [1, 0],
        [0, 1],
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
      fromRows([
        [0, 1],
        [0, 0],
        [1, 0],
        [0, 0],
        [0, 0],
      ]),
      zeros(5, 2),
    ]) {
      const found = rangeFinder(below, 2, { start });
      expect(found.s[0]! / exact[0]!).toBeCloseTo(1, 6);
      expect(found.s[1]! / exact[1]!).toBeCloseTo(1, 3);
    }
  });
});
