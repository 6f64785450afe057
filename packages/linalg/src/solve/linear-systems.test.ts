import {
  addMatrixMatchers,
  dense,
  determinant,
  element,
  flip,
  frobenius,
  lapackMatrices,
  minus,
  single,
  TestRandom,
  times,
  ULP,
  type View,
  withEigenvalues,
} from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, NonFiniteError, ShapeError, SingularError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { cholesky, choleskyInto, choleskyWorkspace } from "./cholesky.ts";
import { det } from "./det.ts";
import { inv } from "./inv.ts";
import { solve, solveInto, solveWorkspace } from "./solve.ts";
import { solveTriangular } from "./solve-triangular.ts";

addMatrixMatchers();

/** LAPACK's threshold for linear systems (dtest.in). */
const THRESHOLD = 30;
const SIZES = [0, 1, 2, 3, 10, 31, 33, 70];

const random = (m: number, n: number, seed: number) => {
  const source = new TestRandom(seed);
  return dense(m, n, () => source.normal());
};

onEveryEngine("linear systems", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each(SIZES)("cholesky reconstructs definite matrices of order %d at any scale", (n) => {
      const values = Array.from({ length: n }, (_, i) => ulp ** (i / (2 * n)));
      const base = withEigenvalues(values, new TestRandom(n));
      for (const factor of type === "float32" ? [1, 2 ** -100, 2 ** 101] : [1, 2 ** -961, 2 ** 1000]) {
        const a = typed(dense(n, n, (i, j) => element(base, i, j) * factor));
        const l = cholesky(a);
        expect([l, flip(l)]).toReconstruct(a, THRESHOLD * Math.max(1, n) * ulp * frobenius(a));
        const expected = (i: number, j: number): boolean => (i === j ? l.get(i, j) > 0 : i > j || l.get(i, j) === 0);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (!expected(i, j)) expect.fail(`l[${i}, ${j}]`);
      }
    });

    test.each(SIZES)("solve and inv leave LAPACK's residual at order %d", (n) => {
      const a = typed(random(n, n, n + 1));
      const b = typed(random(n, 3, n + 2));
      const x = solve(a, b);
      const unit = THRESHOLD * Math.max(1, n) * ulp * frobenius(a);
      expect([a, x]).toReconstruct(b, unit * frobenius(x));
      const inverse = inv(a);
      expect([a, inverse]).toReconstruct(identity(n), unit * frobenius(inverse));
    });

    test.each(SIZES)("solveTriangular satisfies all eight systems of order %d", (n) => {
      const full = random(n, n, n + 5);
      const b = typed(random(n, 4, n + 6));
      for (const lower of [false, true]) {
        for (const transpose of [false, true]) {
          for (const unitDiagonal of [false, true]) {
            // A strong diagonal, because random triangles have a condition that grows exponentially.
            const a = typed(dense(n, n, (i, j) => (i === j ? 4 + i : element(full, i, j) / Math.max(1, n))));
            const triangle = dense(n, n, (i, j) => {
              if (i === j) return unitDiagonal ? 1 : element(a, i, j);
              return i > j === lower ? element(a, i, j) : 0;
            });
            const x = solveTriangular(a, b, { lower, transpose, unitDiagonal });
            const system = transpose ? flip(triangle) : triangle;
            expect([system, x]).toReconstruct(b, THRESHOLD * Math.max(1, n) * ulp * frobenius(triangle) * frobenius(x));
          }
        }
      }
    });
  });

  test("solve recovers a solution of whole numbers", () => {
    const a = random(20, 20, 7);
    const x = dense(20, 2, (i, j) => i - 5 * j);
    const b = times(a, x);
    const error = frobenius(minus(solve(a, b), x)) / frobenius(x);
    const condition = frobenius(a) * frobenius(inv(a));
    expect(error).toBeLessThanOrEqual(20 * condition * ULP.float64);
  });

  test("det agrees with exact whole-number elimination and stays in range", () => {
    const source = new TestRandom(4);
    for (const n of [0, 1, 2, 5, 12]) {
      const whole = Float64Array.from({ length: n * n }, () => Math.floor(19 * source.uniform()) - 9);
      const { value } = determinant(n, whole);
      const a = matrix(n, n, whole);
      // Hadamard's bound of the perturbed minors.
      const bound = n * n * ULP.float64 * (frobenius(a) / Math.sqrt(Math.max(1, n))) ** n * n;
      expect(Math.abs(det(a) - value)).toBeLessThanOrEqual(bound);
      // Powers of two move the exponent alone, far past where the product of the pivots overflows.
      const scaled = matrix(n, n, whole.map((x, i) => x * (i < n * Math.floor(n / 2) ? 2 ** 500 : 2 ** -500))); // biome-ignore format: short
      const exact = value * 2 ** (500 * (2 * Math.floor(n / 2) - n));
      expect(Math.abs(det(scaled) - exact)).toBeLessThanOrEqual(bound * 2 ** (500 * (2 * Math.floor(n / 2) - n)));
    }
    expect(det(fromRows([[1, 2], [2, 4]]))).toBe(0); // biome-ignore format: a matrix
    expect(det(matrix(3, 3, new Float64Array([1e-200, 0, 0, 0, 1e-200, 0, 0, 0, 1e300])))).toBeCloseTo(1e-100, 110);
  });

  test("every layout gives the same bits, outputs may be inputs", () => {
    const { matrix: a } = lapackMatrices(5, 5, "float64", 3).at(-4)!;
    const b = random(5, 2, 1);
    const [first, ...others] = layouts(a, "float64").map((view) => solve(view, b));
    for (const other of others) expect(other.data).toEqual(first!.data);
    const work = new Workspace(currentEngine(), solveWorkspace(5, 2));
    solveInto(b, a, b, work);
    work.dispose();
    expect(b.data).toEqual(first!.data);
  });

  test("singular and indefinite matrices are refused by name of the pivot, before anything is written", () => {
    const singular = fromRows([[1, 2], [2, 4]]); // biome-ignore format: a matrix
    expect(() => solve(singular, identity(2))).toThrow(SingularError);
    expect(() => inv(zeros(3, 3))).toThrow("pivot 0");
    expect(() => solveTriangular(fromRows([[1, 2], [0, 0]]), identity(2))).toThrow("[1, 1]"); // biome-ignore format: short
    const indefinite = fromRows([[1, 2], [2, 1]]); // biome-ignore format: a matrix
    const work = new Workspace(currentEngine(), choleskyWorkspace(2));
    expect(() => choleskyInto(indefinite, indefinite, work)).toThrow("pivot 1");
    work.dispose();
    expect(indefinite.data).toEqual(Float64Array.of(1, 2, 2, 1));
  });

  test("operands that do not fit are refused", () => {
    expect(() => solve(zeros(2, 3), zeros(2, 1))).toThrow(ShapeError);
    expect(() => solve(identity(2), zeros(3, 1))).toThrow(ShapeError);
    expect(() => solve(identity(2), zeros(2, 1, "float32") as MatrixLike as MatrixLike<Float64Array>)).toThrow(
      DtypeError,
    );
    expect(() => solve(identity(1), matrix(1, 1, Float64Array.of(Number.NaN)))).toThrow(NonFiniteError);
    expect(() => solveTriangular(identity(2), zeros(1, 1))).toThrow(ShapeError);
    expect(() => cholesky(zeros(2, 1))).toThrow(ShapeError);
    expect(() => det(zeros(2, 1))).toThrow(ShapeError);
  });

  refusesBadMatrices("solve", (a) => solve(a, a));
  refusesBadMatrices("solveTriangular", (a) => solveTriangular(a, a));
  refusesBadMatrices("inv", inv);
  refusesBadMatrices("det", (a) => det(a));
  refusesBadMatrices("cholesky", cholesky);
});
