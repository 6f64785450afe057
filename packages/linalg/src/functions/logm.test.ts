import {
  addMatrixMatchers,
  companion,
  dense,
  element,
  frobenius,
  jordan,
  kahan,
  type NamedMatrix,
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
import { DomainError, DtypeError, OverflowError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { inv } from "../solve/inv.ts";
import { expm } from "./expm.ts";
import { gaussLegendre } from "./gauss-legendre.ts";
import { logm, logmInto, logmWorkspace } from "./logm.ts";
import { sqrtm } from "./sqrtm.ts";

addMatrixMatchers();

const THRESHOLD = 30;

/** Matrices whose eigenvalues stay off the closed negative real axis. */
function matrices(n: number): NamedMatrix[] {
  const random = new TestRandom(n);
  const noise = dense(n, n, () => random.normal());
  const shift = 2 * Math.sqrt(n);
  return [
    { name: "identity", matrix: dense(n, n, (i, j) => (i === j ? 1 : 0)) },
    { name: "right half-plane", matrix: dense(n, n, (i, j) => element(noise, i, j) + (i === j ? shift : 0)) },
    {
      name: "definite",
      matrix: withEigenvalues(
        Array.from({ length: n }, (_, i) => 10 ** (i % 5)),
        random,
      ),
    },
    { name: "Jordan block", matrix: jordan(n, 2) },
    { name: "companion", matrix: companion(Array.from({ length: Math.min(n, 6) }, (_, i) => 1 + i)) },
    { name: "Kahan", matrix: kahan(Math.min(n, 10)) },
  ];
}

onEveryEngine("logm", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each([0, 1, 2, 3, 5, 10, 17, 40])("has the matrix as its exponential, at order %d", (n) => {
      for (const { name, matrix } of matrices(n)) {
        const a = typed(matrix);
        const x = logm(a);
        const order = a.shape[0]!;
        const unit = THRESHOLD * Math.max(1, order) * ulp * (1 + frobenius(x));
        expect(expm(x), name).toBeCloseMatrix(a, unit * frobenius(a));
      }
    });

    test.each([1, 2, 3, 5, 10, 17, 40])("of the exponential is the matrix, at order %d", (n) => {
      const random = new TestRandom(n);
      const a = typed(dense(n, n, () => (2 / Math.sqrt(n)) * (random.uniform() - 0.5)));
      const e = expm(a);
      // The condition of the logarithm is at most about that of the exponential here.
      const unit = THRESHOLD * n * ulp * frobenius(e) * frobenius(expm(scaled(a, -1)));
      expect(logm(e)).toBeCloseMatrix(a, unit);
    });
  });

  const scaled = (a: View, factor: number) => dense(a.shape[0]!, a.shape[1]!, (i, j) => factor * element(a, i, j));

  test("of a Jordan block of 1 is the series, whatever the size of what lies above the diagonal", () => {
    for (const c of [2 ** -40, 1, 2 ** 40]) {
      const x = logm(dense(5, 5, (i, j) => (i === j ? 1 : j === i + 1 ? c : 0)));
      for (let i = 0; i < 5; i++) {
        for (let j = 0; j < 5; j++) {
          const k = j - i;
          const value = k > 0 ? (k % 2 === 0 ? -1 : 1) * (c ** k / k) : 0;
          expect(Math.abs(x.get(i, j) - value)).toBeLessThanOrEqual(
            THRESHOLD * 5 * ULP.float64 * Math.max(c, Math.abs(value)),
          );
        }
      }
    }
  });

  test("of a rotation is its angle, up to π", () => {
    for (const angle of [1e-8, 0.5, Math.PI / 2, 3]) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const x = logm(fromRows([[c, -s], [s, c]])); // biome-ignore format: a matrix
      expect(x).toBeCloseMatrix(fromRows([[0, -angle], [angle, 0]]), THRESHOLD * ULP.float64); // biome-ignore format: short
    }
  });

  test("of a matrix near the identity has few digits to lose and loses none", () => {
    const e = 2 ** -45;
    const x = logm(fromRows([[1 + e, e], [0, 1 - e]])); // biome-ignore format: a matrix
    const known = fromRows([[Math.log1p(e), e], [0, Math.log1p(-e)]]); // biome-ignore format: a matrix
    expect(x).toBeCloseMatrix(known, 8 * ULP.float64 * e);
  });

  test("of a diagonal matrix has its logarithms, at any scale", () => {
    for (const values of [
      [1, 2, 1e-3],
      [1e250, 1e200, 1e190],
      [1e-250, 1e-200, 1e-260],
      [5, 5e-200, 1e-290],
    ]) {
      // biome-ignore format: short
      const x = logm(dense(3, 3, (i, j) => (i === j ? values[i]! : 0)));
      for (const [i, value] of values.entries()) {
        expect(Math.abs(x.get(i, i) - Math.log(value))).toBeLessThanOrEqual(
          4 * ULP.float64 * Math.abs(Math.log(value)),
        );
      }
    }
  });

  test("of an inverse is the opposite, of a root the half, of a definite matrix that of its eigenvalues", () => {
    const { matrix: a } = matrices(8)[1]!;
    const x = logm(a);
    const unit = THRESHOLD * 8 * ULP.float64 * frobenius(a) * frobenius(inv(a));
    expect(logm(inv(a))).toBeCloseMatrix(scaled(x, -1), unit);
    expect(logm(sqrtm(a))).toBeCloseMatrix(scaled(x, 0.5), unit);
    const random = new TestRandom(3);
    const values = [1, 2, 3, 50];
    const vectors = withEigenvalues(values, random);
    const log = logm(vectors);
    expect([log, vectors]).toReconstruct(times(vectors, log), THRESHOLD * 4 * ULP.float64 * frobenius(vectors) ** 2);
    const trace = [0, 1, 2, 3].reduce((sum, i) => sum + log.get(i, i), 0);
    expect(Math.abs(trace - Math.log(300))).toBeLessThanOrEqual(THRESHOLD * 4 * 50 * ULP.float64);
  });

  test("a matrix without a real principal logarithm is refused, before anything is written", () => {
    const none = [
      [[0]],
      [[-1]],
      [[1, 5], [0, -4]],
      [[-1, 0], [0, -1]],
      [[1, 1], [0, 0]],
      [[0, 1], [0, 0]],
      // Singular, though rounding moves the eigenvalues away from zero.
      [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
      [[0.1, 0.2, 0.3], [0.2, 0.4, 0.6], [0.3, 0.6, 0.9]],
      [[1, 1, -1], [-1, -1, 1], [1, -1, 1]],
    ]; // biome-ignore format: matrices
    for (const rows of none) {
      const a = fromRows(rows);
      const before = a.data.slice();
      const work = new Workspace(currentEngine(), logmWorkspace(rows.length));
      expect(() => logmInto(a, a, work)).toThrow(DomainError);
      work.dispose();
      expect(a.data).toEqual(before);
    }
    expect(() => logm(fromRows([[1, 5], [0, -4]]))).toThrow("got -4"); // biome-ignore format: short
    const beyond = fromRows([[1, 1e200, 0], [0, 1, 1e200], [0, 0, 1]]); // biome-ignore format: a matrix
    expect(() => logm(beyond)).toThrow(OverflowError);
  });

  test("every layout gives the same bits, the output may be the input", () => {
    const { matrix: a } = matrices(7)[1]!;
    const [first, ...others] = layouts(a, "float64").map((view) => logm(view));
    for (const other of others) expect(other.data).toEqual(first!.data);
    const work = new Workspace(currentEngine(), logmWorkspace(7));
    logmInto(a, a, work);
    work.dispose();
    expect(a.data).toEqual(first!.data);
  });

  test("outputs that do not fit are refused", () => {
    const work = new Workspace(currentEngine(), logmWorkspace(2));
    expect(() => logm(zeros(2, 3))).toThrow(ShapeError);
    expect(() => logmInto(zeros(2, 3), identity(2), work)).toThrow(ShapeError);
    expect(() => logmInto(zeros(2, 2, "float32"), identity(2), work)).toThrow(DtypeError);
    work.dispose();
  });

  refusesBadMatrices("logm", logm);
});

test("a Gauss-Legendre rule of m nodes integrates powers below 2m", () => {
  for (let m = 1; m <= 7; m++) {
    const rule = gaussLegendre(m);
    for (let power = 0; power < 2 * m; power++) {
      const sum = rule.reduce((total, { node, weight }) => total + weight * node ** power, 0);
      expect(Math.abs(sum - 1 / (power + 1))).toBeLessThanOrEqual(4 * ULP.float64);
    }
  }
});
