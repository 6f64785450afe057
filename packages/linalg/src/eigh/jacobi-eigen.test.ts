import {
  addMatrixMatchers,
  type Dense,
  dense,
  eigenvaluesBelow,
  element,
  flip,
  frobenius,
  hilbert,
  lapackSymmetricMatrices,
  type NamedMatrix,
  scaleColumns,
  single,
  TestRandom,
  times,
  ULP,
  type View,
  wilkinson,
  withEigenvalues,
} from "@sumo/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { currentEngine } from "../engine/current.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { identity, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { type Eigh, type EighOptions, eigh, eighInto, eighWorkspace, eigvalsh } from "./eigh.ts";

addMatrixMatchers();

/** LAPACK's threshold for its symmetric eigenproblem ratios (sep.in). */
const THRESHOLD = 50;
const JACOBI: EighOptions = { method: "jacobi" };

/** LAPACK's three ratios, and values that rise. */
function expectSpectrum(name: string, a: View, { values, vectors }: Eigh, ulp: number): void {
  const n = a.shape[0]!;
  const unit = THRESHOLD * Math.max(1, n) * ulp;
  expect([scaleColumns(vectors, values), flip(vectors)], name).toReconstruct(a, unit * frobenius(a));
  expect(vectors, name).toBeOrthonormal(unit);
  for (let i = 1; i < n; i++) expect(values[i], name).toBeGreaterThanOrEqual(values[i - 1]!);
}

/** The least τ in steps of two for which every value lies within τ, relative, of the eigenvalue of its rank. */
function relativeError(n: number, a: ArrayLike<number>, values: ArrayLike<number>): number {
  const within = (i: number, tau: number): boolean => {
    const [value, error] = [values[i]!, tau * Math.abs(values[i]!)];
    return eigenvaluesBelow(n, a, value - error) <= i && eigenvaluesBelow(n, a, value + error) > i;
  };
  let tau: number = ULP.float64;
  for (let i = 0; i < n && tau < 1; i++) while (!within(i, tau) && tau < 1) tau *= 2;
  return tau;
}

const rowsOf = (a: Dense): number[][] =>
  Array.from({ length: a.shape[0] }, (_, i) => Array.from(a.data.subarray(i * a.shape[1], (i + 1) * a.shape[1])));

onEveryEngine("eigh by Jacobi", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: Dense): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each([0, 1, 2, 3, 5, 10, 16, 17, 50])("keeps LAPACK's ratios on its matrices of order %d", (n) => {
      for (const { name, matrix: given } of lapackSymmetricMatrices(n, type, n)) {
        const a = typed(given);
        const result = eigh(a, JACOBI);
        expectSpectrum(name, a, result, ulp);
        const alone = eigvalsh(a, JACOBI);
        const unit = THRESHOLD * Math.max(1, n) * ulp * frobenius(a);
        eigvalsh(a, { method: "tridiagonal" }).forEach((value, i) => {
          expect(Math.abs(value - alone[i]!), name).toBeLessThanOrEqual(unit);
          expect(Math.abs(value - result.values[i]!), name).toBeLessThanOrEqual(unit);
        });
      }
    });

    test("keeps them on matrices that break others", () => {
      const famous: NamedMatrix[] = [
        { name: "Hilbert 12", matrix: hilbert(12) },
        { name: "Wilkinson 21", matrix: wilkinson(21) },
        { name: "two blocks", matrix: dense(40, 40, (i, j) => (Math.floor(i / 20) === Math.floor(j / 20) ? 1 : 0)) },
        { name: "no diagonal", matrix: dense(16, 16, (i, j) => (i === j ? 0 : 1)) },
        { name: "arrow", matrix: dense(16, 16, (i, j) => (i === j ? i : i === 0 || j === 0 ? 1e-9 : 0)) },
      ];
      for (const { name, matrix: a } of famous) expectSpectrum(name, typed(a), eigh(typed(a), JACOBI), ulp);
    });

    test.each([1, 2, 5, 17, 40])("from the vectors of a matrix nearby, and from anything else, at order %d", (n) => {
      const random = new TestRandom(n);
      for (const { name, matrix: given } of lapackSymmetricMatrices(n, type, n)) {
        const a = typed(given);
        const size = frobenius(a);
        for (const distance of [0, 1e-9, 1e-3]) {
          const nearby = typed(
            dense(n, n, (i, j) => element(a, i, j) + (i < j ? 0 : distance * size * random.normal())),
          );
          const start = eigh(nearby).vectors;
          expectSpectrum(`${name}, ${distance} away`, a, eigh(a, { start }), ulp);
        }
        for (const start of [zeros(n, n), dense(n, n, () => 1e300), dense(n, n, (i, j) => 2 ** (-20 * (i + j)))]) {
          expectSpectrum(`${name}, start without sense`, a, eigh(a, { start }), ulp);
        }
      }
    });
  });

  test("gives every eigenvalue of a graded definite matrix to full relative accuracy, where others lose them", () => {
    // Whole numbers times powers of two, so that the oracle knows the matrix exactly. The off-diagonal rows of H sum to at most 5: κ(H) ≤ 13 / 3.
    const random = new TestRandom(3);
    const n = 6;
    const condition = 13 / 3;
    let lost = 0;
    for (let trial = 0; trial < 10; trial++) {
      const whole = dense(n, n, (i, j) => (i === j ? 8 : i > j ? Math.floor(3 * random.uniform()) - 1 : 0));
      const grade = Array.from({ length: n }, (_, i) => 2 ** (-15 * ((i * (trial % 2 === 0 ? 1 : 5)) % n)));
      const at = (i: number, j: number): number => element(whole, Math.max(i, j), Math.min(i, j));
      const { data } = dense(n, n, (i, j) => at(i, j) * grade[i]! * grade[j]!);
      const a = matrix(n, n, data);
      const bound = 4 * n * condition * ULP.float64;
      expect(relativeError(n, data, eigvalsh(a, JACOBI))).toBeLessThanOrEqual(bound);
      expect(relativeError(n, data, eigh(a, JACOBI).values)).toBeLessThanOrEqual(bound);
      if (relativeError(n, data, eigvalsh(a, { method: "tridiagonal" })) > 2 ** 20 * bound) lost++;
    }
    expect(lost).toBeGreaterThanOrEqual(5);
  });

  test.each([3, 9, 24])("a start keeps the vectors of equal values as they are, at order %d", (n) => {
    // V diag(values) Vᵀ with three values, n / 3 times each: any basis of each space would do.
    const random = new TestRandom(n);
    const base = withEigenvalues(
      Array.from({ length: n }, (_, i) => i),
      random,
    );
    const { vectors } = eigh(base);
    const values = Array.from({ length: n }, (_, i) => [-2, 1, 1.5][Math.floor((3 * i) / n)]!);
    const a = times(scaleColumns(vectors, values), flip(vectors));
    const { vectors: kept } = eigh(a, { start: vectors });
    for (const row of rowsOf(times(flip(kept), vectors))) {
      expect(1 - Math.max(...row.map(Math.abs))).toBeLessThanOrEqual(4 * n * ULP.float64);
    }
  });

  test("diagonal matrices come back as they are, of any size and sign", () => {
    const value = fc.constantFrom(0, -0, 5e-324, -5e-324, 1e-310, 1, -1, 1e-200, 1e300, -1e300);
    const property = fc.property(fc.array(value, { maxLength: 9 }), (values) => {
      const n = values.length;
      const result = eigvalsh(dense(n, n, (i, j) => (i === j ? values[i]! : 0)), JACOBI); // biome-ignore format: short
      const most = Math.max(0, ...values.map(Math.abs));
      values
        .toSorted((x, y) => x - y)
        .forEach((exact, i) => {
          // What is below the least number after division by the power of two vanishes.
          expect(Math.abs(result[i]! - exact)).toBeLessThanOrEqual(most * 2 ** -1073);
        });
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  test("keeps the ratios with zeros, repeated values, subnormals and extreme scales", () => {
    const entry = fc.constantFrom(0, 1, -1, 2, 5e-324, -3e-310, 1e-160, -1e-16, 1 + ULP.float64, 1e300);
    const property = fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.array(entry, { minLength: 28, maxLength: 28 }),
      (n, list) => {
        const a = dense(n, n, (i, j) => list[(Math.max(i, j) * (Math.max(i, j) + 1)) / 2 + Math.min(i, j)]!);
        for (const options of [JACOBI, { start: a }, { method: "tridiagonal" }] as EighOptions[]) {
          expectSpectrum(JSON.stringify(options), a, eigh(a, options), ULP.float64);
        }
      },
    );
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  test("writes over its input and its start, in the scratch that it asks for", () => {
    const n = 12;
    const { matrix: a } = lapackSymmetricMatrices(n, "float64", 5).at(-3)!;
    const { vectors } = eigh(a);
    const expected = eigh(a, { start: vectors });
    const options = { start: vectors };
    const work = new Workspace(currentEngine(), eighWorkspace(n, options));
    const values = new Float64Array(n);
    eighInto({ values, vectors }, a, work, options);
    expect([values, vectors.data]).toEqual([expected.values, expected.vectors.data]);
    const jacobi = eigh(a, JACOBI);
    eighInto({ values, vectors: a }, a, work, JACOBI);
    expect([values, a.data]).toEqual([jacobi.values, jacobi.vectors.data]);
    work.dispose();
  });

  test("refuses options that do not fit, before it writes", () => {
    const a = identity(3);
    const values = new Float64Array(3).fill(7);
    const work = new Workspace(currentEngine(), eighWorkspace(3, { start: a }));
    const refuse = (options: EighOptions, error: unknown): void => {
      expect(() => eighInto({ values, vectors: a }, a, work, options)).toThrow(error as typeof Error);
    };
    refuse({ method: "qr" as "jacobi" }, OptionError);
    refuse({ method: "tridiagonal", start: a }, OptionError);
    refuse({ start: zeros(2, 3) }, ShapeError);
    refuse({ start: matrix(3, 3, new Float64Array(9).fill(Number.NaN)) }, NonFiniteError);
    expect([...values, ...a.data]).toEqual([7, 7, 7, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    work.dispose();
  });
});
