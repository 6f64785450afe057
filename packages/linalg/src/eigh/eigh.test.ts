import {
  addMatrixMatchers,
  dense,
  element,
  flip,
  frobenius,
  hilbert,
  lapackSymmetricMatrices,
  type NamedMatrix,
  scaleColumns,
  secondDifference,
  single,
  TestRandom,
  ULP,
  type View,
  wilkinson,
} from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, ShapeError } from "../errors.ts";
import { fromRows, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { eigh, eighInto, eighWorkspace, eigvalsh } from "./eigh.ts";

addMatrixMatchers();

/** LAPACK's threshold for its symmetric eigenproblem ratios (sep.in). */
const THRESHOLD = 50;

onEveryEngine("eigh", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];

    function checkFactors(name: string, a: View & MatrixLike): void {
      const n = a.shape[0]!;
      const unit = THRESHOLD * Math.max(1, n) * ulp;
      const { values, vectors } = eigh(a);
      expect([scaleColumns(vectors, values), flip(vectors)], name).toReconstruct(a, unit * frobenius(a));
      expect(vectors, name).toBeOrthonormal(unit);
      const alone = eigvalsh(a);
      for (let i = 0; i < n; i++) {
        if (i > 0) expect(values[i], name).toBeGreaterThanOrEqual(values[i - 1]!);
        expect(Math.abs(alone[i]! - values[i]!), name).toBeLessThanOrEqual(unit * frobenius(a));
      }
    }

    test.each([0, 1, 2, 3, 5, 10, 16, 17, 33, 50, 101])("keeps LAPACK's ratios on its matrices of order %d", (n) => {
      for (const { name, matrix: a } of lapackSymmetricMatrices(n, type, n)) {
        checkFactors(name, type === "float32" ? single(a) : a);
      }
    });

    test("keeps them on matrices that break others", () => {
      const famous: NamedMatrix[] = [
        { name: "Hilbert 12", matrix: hilbert(12) },
        { name: "Wilkinson 21", matrix: wilkinson(21) },
        { name: "Wilkinson 101", matrix: wilkinson(101) },
        { name: "second difference 64", matrix: secondDifference(64) },
        { name: "two blocks", matrix: dense(40, 40, (i, j) => (Math.floor(i / 20) === Math.floor(j / 20) ? 1 : 0)) },
      ];
      for (const { name, matrix: a } of famous) checkFactors(name, type === "float32" ? single(a) : a);
    });
  });

  test("stays finite and orthonormal where values fall below the least number", () => {
    const random = new TestRandom(6);
    for (const [n, grade] of [
      [51, 21],
      [64, 9],
      [76, 9],
      [90, 30],
    ] as const) {
      const a = dense(n, n, (i, j) => 2 ** (-grade * (i + j)) * (random.uniform() - 0.5));
      const { values, vectors } = eigh(a);
      const lower = dense(n, n, (i, j) => element(a, Math.max(i, j), Math.min(i, j)));
      const unit = THRESHOLD * n * ULP.float64;
      expect([scaleColumns(vectors, values), flip(vectors)]).toReconstruct(lower, unit * frobenius(lower));
      expect(vectors).toBeOrthonormal(unit);
    }
  });

  test("finds known eigenvalues", () => {
    const n = 30;
    const values = eigvalsh(matrix(n, n, secondDifference(n).data));
    values.forEach((value, j) => {
      const exact = 2 - 2 * Math.cos((Math.PI * (j + 1)) / (n + 1));
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(n * ULP.float64 * 4);
    });
    // The largest pair of W⁺ of order 21 agrees to 14 digits (Wilkinson, The Algebraic Eigenvalue Problem, 1965, §5.45).
    const largest = eigvalsh(matrix(21, 21, wilkinson(21).data)).slice(-2);
    [10.746194182903322, 10.746194182903393].forEach((exact, i) => {
      expect(Math.abs(largest[i]! - exact)).toBeLessThanOrEqual(21 * 11 * ULP.float64);
    });
  });

  test("the trace is the sum and shifts move every value", () => {
    const { matrix: a } = lapackSymmetricMatrices(12, "float64", 4).at(-3)!;
    const values = eigvalsh(matrix(12, 12, a.data));
    const shifted = eigvalsh(
      matrix(
        12,
        12,
        a.data.map((x, i) => (i % 13 === 0 ? x + 3 : x)),
      ),
    );
    shifted.forEach((value, i) => {
      expect(Math.abs(value - 3 - values[i]!)).toBeLessThanOrEqual(THRESHOLD * 12 * ULP.float64);
    });
  });

  test("reads only the lower triangle, in any layout", () => {
    const lower = fromRows([
      [2, Number.NaN],
      [1, 2],
    ]);
    const tolerance = 8 * ULP.float64;
    expect(Math.abs(eigvalsh(lower)[0]! - 1)).toBeLessThanOrEqual(tolerance);
    const { matrix: a } = lapackSymmetricMatrices(6, "float64", 3).at(-3)!;
    const [first, ...others] = layouts(a, "float64").map((view) => eigh(view));
    for (const other of others) expect(other).toEqual(first);
  });

  test("refuses outputs that do not fit, before it writes", () => {
    const a = zeros(2, 2);
    const work = new Workspace(currentEngine(), eighWorkspace(2));
    const values = new Float64Array(2).fill(7);
    expect(() => eigh(zeros(2, 3))).toThrow(ShapeError);
    expect(() => eighInto({ values: new Float64Array(3) }, a, work)).toThrow(ShapeError);
    expect(() => eighInto({ values, vectors: zeros(2, 3) }, a, work)).toThrow(ShapeError);
    expect(() => eighInto({ values, vectors: zeros(2, 2, "float32") }, a, work)).toThrow(DtypeError);
    expect(values).toEqual(Float64Array.of(7, 7));
    eighInto({ values, vectors: a }, a, work);
    expect(a).toBeOrthonormal(0);
    work.dispose();
  });

  refusesBadMatrices("eigh", eigh);
});
