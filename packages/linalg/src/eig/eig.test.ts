import {
  addMatrixMatchers,
  companion,
  cycle,
  dense,
  element,
  flip,
  frank,
  frobenius,
  grcar,
  jordan,
  kahan,
  lapackMatrices,
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
import { DtypeError, OverflowError, ShapeError } from "../errors.ts";
import { fromRows, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { type Eigenvalues, eig, eigInto, eigvals, eigWorkspace } from "./eig.ts";

addMatrixMatchers();

/** LAPACK's threshold for its nonsymmetric eigenproblem ratios (nep.in). */
const THRESHOLD = 20;
type Complex = readonly [re: number, im: number];

/** Expects each known eigenvalue once, within `tolerance`. */
function expectValues({ re, im }: Eigenvalues, known: readonly Complex[], tolerance: number): void {
  const left = Array.from(re, (x, i): Complex => [x, im[i]!]);
  expect(left.length).toBe(known.length);
  for (const [x, y] of known) {
    const distances = left.map(([u, v]) => Math.hypot(u - x, v - y));
    const nearest = distances.indexOf(Math.min(...distances));
    expect(distances[nearest], `distance to ${x} + ${y}i`).toBeLessThanOrEqual(tolerance);
    left.splice(nearest, 1);
  }
}

const real = (values: readonly number[]): Complex[] => values.map((x) => [x, 0]);

/** Largest ‖A v − λ v‖ of the pairs (λ, v). */
function residual(a: View, { re, im, vectors }: ReturnType<typeof eig>): number {
  const n = a.shape[0]!;
  const [u, v] = [times(a, vectors.re), times(a, vectors.im)];
  let most = 0;
  for (let j = 0; j < n; j++) {
    const difference = dense(n, 2, (i, part) => {
      const [x, y] = [vectors.re.get(i, j), vectors.im.get(i, j)];
      return part === 0 ? element(u, i, j) - re[j]! * x + im[j]! * y : element(v, i, j) - re[j]! * y - im[j]! * x;
    });
    most = Math.max(most, frobenius(difference));
  }
  return most;
}

onEveryEngine("eig", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    function checkPairs(name: string, a: View & MatrixLike): void {
      const n = a.shape[0]!;
      const unit = THRESHOLD * Math.max(1, n) * ulp;
      const all = eig(a);
      const { re, im, vectors } = all;
      expect(residual(a, all), name).toBeLessThanOrEqual(unit * frobenius(a));
      for (let j = 0; j < n; j++) {
        const parts = Array.from({ length: n }, (_, i): Complex => [vectors.re.get(i, j), vectors.im.get(i, j)]);
        const sizes = parts.map(([x, y]) => Math.hypot(x, y));
        expect(Math.abs(Math.hypot(...sizes) - 1), name).toBeLessThanOrEqual(unit);
        const first = sizes.findIndex((size) => size >= Math.max(...sizes) * (1 - 2 ** -18));
        expect(parts[first]![0], name).toBeGreaterThan(0);
        if (im[j] === 0) for (const [, y] of parts) expect(y, name).toBe(0);
        if (!(im[j]! > 0)) continue;
        expect([re[j + 1], im[j + 1]], name).toEqual([re[j], -im[j]!]);
        expect(
          parts.map(([x, y]) => [x, -y]),
          name,
        ).toEqual(parts.map((_, i) => [vectors.re.get(i, j + 1), vectors.im.get(i, j + 1)]));
      }
    }

    test.each([0, 1, 2, 3, 5, 10, 17, 40])("keeps LAPACK's ratios on its matrices of order %d", (n) => {
      for (const { name, matrix: a } of lapackMatrices(n, n, type, n)) checkPairs(name, typed(a));
    });

    test("keeps them on matrices that break others", () => {
      for (const n of [1, 2, 3, 8, 33]) checkPairs(`cycle of ${n}`, typed(cycle(n)));
      for (const value of [0, 1, -1e-9]) checkPairs(`Jordan block of ${value}`, typed(jordan(12, value)));
      checkPairs("transposed Jordan block", typed(flip(jordan(12, 3))));
      checkPairs("Frank 14", typed(frank(14)));
      checkPairs("Grcar 40", typed(grcar(40)));
      checkPairs("Kahan 30", typed(kahan(30)));
      checkPairs("companion of 1 … 10", typed(companion([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])));
    });

    test("a pair stays a pair where its imaginary part has no place in the dtype", () => {
      // x³ − 100x² − 1, in units of the smallest number: two roots are ±0.1i and a little.
      const unit = type === "float32" ? 2 ** -149 : 2 ** -1074;
      const a = fromRows(
        [
          [100, 0, 1],
          [1, 0, 0],
          [0, 1, 0],
        ].map((row) => row.map((x) => x * unit)),
        type,
      );
      const { re, im, vectors } = eig(a);
      expect([...im].sort((x, y) => x - y)).toEqual([-unit, 0, unit]);
      expect([...re].map(Math.abs).sort((x, y) => x - y)).toEqual([0, 0, 100 * unit]);
      const upper = im.indexOf(unit);
      expect(Math.hypot(...[0, 1, 2].map((i) => vectors.im.get(i, upper)))).toBeCloseTo(0.1, 2);
      expect(eigvals(a)).toEqual({ re, im });
    });

    test("the sum of the values is the trace, and those found alone are the same", () => {
      const random = new TestRandom(8);
      const n = 30;
      const a = typed(dense(n, n, () => random.normal()));
      const { re, im } = eig(a);
      let trace = 0;
      for (let i = 0; i < n; i++) trace += element(a, i, i);
      const unit = THRESHOLD * n * ulp * frobenius(a);
      expect(Math.abs(Array.from(re).reduce((sum, x) => sum + x, 0) - trace)).toBeLessThanOrEqual(unit);
      expect(Array.from(im).reduce((sum, x) => sum + x, 0)).toBe(0);
      // Values of a random matrix have conditions of some dozens.
      expectValues(
        eigvals(a),
        Array.from(re, (x, i): Complex => [x, im[i]!]),
        10 * unit,
      );
    });
  });

  test("finds the roots of unity, though a cycle gives no shift", () => {
    for (const n of [2, 3, 4, 7, 16, 33]) {
      const roots = Array.from({ length: n }, (_, k): Complex => {
        const angle = (2 * Math.PI * k) / n;
        return [Math.cos(angle), Math.sin(angle)];
      });
      // Normal, so that values are as exact as the matrix.
      expectValues(eigvals(cycle(n)), roots, THRESHOLD * n * ULP.float64);
    }
  });

  test("finds the roots of a polynomial from its companion matrix", () => {
    const roots = [-3, -1, 0, 2, 4, 7];
    const a = companion(roots);
    const value = (x: number): number => roots.reduce((product, root) => product * Math.abs(x - root), 1);
    const { re, im } = eigvals(a);
    expect(im).toEqual(new Float64Array(6));
    const slopes = roots.map((x) => roots.reduce((product, root) => (root === x ? product : product * (x - root)), 1));
    const least = Math.min(...slopes.map(Math.abs));
    expectValues({ re, im }, real(roots), (THRESHOLD * 6 * ULP.float64 * frobenius(a) * 7 ** 5) / least);
    for (const x of re) expect(value(x)).toBeLessThanOrEqual(THRESHOLD * 6 * ULP.float64 * frobenius(a) * 7 ** 5);
  });

  test("finds both halves of Frank's spectrum, which are reciprocals", () => {
    const { re, im } = eigvals(frank(8));
    const values = Array.from(re).sort((x, y) => x - y);
    expect(im).toEqual(new Float64Array(8));
    // The condition of the least eigenvalue of order 8 is about 400 (Wilkinson 1965, §5.45).
    for (const [i, x] of values.entries())
      expect(Math.abs(x * values[7 - i]! - 1)).toBeLessThanOrEqual(1e3 * 8 * 33 * ULP.float64);
  });

  test("a defective matrix has its eigenvalue as often as its order, and parallel vectors", () => {
    const n = 6;
    const random = new TestRandom(1);
    // Jordan blocks of 2 of orders 3, 2 and 1 in a random basis of whole numbers, exact.
    const basis = dense(n, n, (i, j) => (i === j ? 1 : i > j ? Math.floor(3 * random.uniform()) - 1 : 0));
    const inverse = dense(n, n);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        let sum = i === j ? 1 : 0;
        for (let p = 0; p < i; p++) sum -= element(basis, i, p) * element(inverse, p, j);
        inverse.data[i * n + j] = sum;
      }
    }
    const blocks = dense(n, n, (i, j) => (i === j ? 2 : j === i + 1 && i !== 2 && i !== 4 ? 1 : 0));
    const a = times(times(basis, blocks), inverse);
    const all = eig(a);
    // A perturbation of ε moves the eigenvalue of a block of order 3 by ε^⅓ times the condition of its basis.
    const condition = frobenius(basis) * frobenius(inverse);
    expectValues(all, real([2, 2, 2, 2, 2, 2]), condition * (n * ULP.float64) ** (1 / 3));
    expect(residual(a, all)).toBeLessThanOrEqual(THRESHOLD * n * ULP.float64 * frobenius(a));
    const { vectors } = eig(jordan(5, 2));
    for (let j = 0; j < 5; j++) expect(Math.abs(vectors.re.get(0, j)! - 1)).toBeLessThanOrEqual(5 * ULP.float64);
  });

  test("a permuted triangular matrix has the diagonal's values to the last bit", () => {
    const random = new TestRandom(2);
    const n = 9;
    const order = [4, 7, 0, 2, 8, 5, 1, 3, 6];
    const a = dense(n, n, (i, j) => (order[i]! <= order[j]! ? random.normal() : 0));
    const diagonal = Array.from({ length: n }, (_, i) => element(a, i, i));
    expectValues(eigvals(a), real(diagonal), 0);
    expect(residual(a, eig(a))).toBeLessThanOrEqual(THRESHOLD * n * ULP.float64 * frobenius(a));
  });

  test.each([1, 40, 300, 900])("balancing undoes a similarity by powers of two up to 2^±%d", (most) => {
    const random = new TestRandom(most);
    const n = 12;
    const values = Array.from({ length: n }, () => random.normal());
    const symmetric = withEigenvalues(values, random);
    const exponents = Array.from({ length: n }, () => Math.round(most * (random.uniform() - 0.5)));
    const a = dense(n, n, (i, j) => element(symmetric, i, j) * 2 ** (exponents[i]! - exponents[j]!));
    expectValues(eigvals(a), real(values), THRESHOLD * n * ULP.float64 * frobenius(symmetric));
    // Vectors are those of the symmetric matrix, scaled along.
    const { re, vectors } = eig(a);
    for (let j = 0; j < n; j++) {
      const column = dense(n, 1, (i) => vectors.re.get(i, j) * 2 ** -exponents[i]!);
      const length = frobenius(column);
      if (!(length > 2 ** -500)) continue; // parts of it have vanished
      const unit = dense(n, 1, (i) => column.data[i]! / length);
      expect([symmetric, unit]).toReconstruct(
        dense(n, 1, (i) => re[j]! * unit.data[i]!),
        THRESHOLD * n * ULP.float64 * frobenius(symmetric),
      );
    }
  });

  test.each([2 ** -1040, 2 ** -900, 2 ** 900, 2 ** 1020])(
    "a factor of %d on the matrix is one on its values",
    (factor) => {
      const random = new TestRandom(3);
      const n = 8;
      const a = dense(n, n, () => Math.round(100 * random.normal()) / 128);
      const plain = eig(a);
      const scaled = eig(dense(n, n, (i, j) => factor * element(a, i, j)));
      const least = Number.MIN_VALUE;
      const unit = factor < 2 ** -1000 ? THRESHOLD * n * (least / factor) : 0; // elements were rounded
      for (const part of ["re", "im"] as const) {
        const back = scaled[part].map((x) => x / factor);
        if (unit === 0) expect(back).toEqual(plain[part]);
        else for (let j = 0; j < n; j++) expect(Math.abs(back[j]! - plain[part][j]!)).toBeLessThanOrEqual(50 * unit);
      }
    },
  );

  test("vectors turn with the matrix: those of a rotation's plane are conjugate", () => {
    const { re, im, vectors } = eig(fromRows([[0, -2], [2, 0]])); // biome-ignore format: a matrix
    expect([Array.from(re), Array.from(im)]).toEqual([[0, 0], [2, -2]]); // biome-ignore format: short
    const half = Math.SQRT1_2;
    expect(vectors.re).toBeCloseMatrix(fromRows([[half, half], [0, 0]]), 2 * ULP.float64); // biome-ignore format: short
    expect(vectors.im).toBeCloseMatrix(fromRows([[0, 0], [-half, half]]), 2 * ULP.float64); // biome-ignore format: short
  });

  test("every layout gives the same bits, outputs may be inputs", () => {
    const random = new TestRandom(5);
    const a = dense(7, 7, () => random.normal());
    const [first, ...others] = layouts(a, "float64").map((view) => eig(view));
    for (const other of others) expect(other).toEqual(first);
    const work = new Workspace(currentEngine(), eigWorkspace(7));
    const [re, im, inPlace, other] = [new Float64Array(7), new Float64Array(7), zeros(7, 7), zeros(7, 7)];
    inPlace.data.set(a.data);
    eigInto({ re, im, vectors: { re: inPlace, im: other } }, inPlace, work);
    expect({ re, im, vectors: { re: inPlace, im: other } }).toEqual(first);
    work.dispose();
  });

  test("refuses outputs that do not fit, before it writes", () => {
    const a = zeros(2, 2);
    const work = new Workspace(currentEngine(), eigWorkspace(2));
    const [re, im] = [new Float64Array(2).fill(7), new Float64Array(2)];
    const vectors = { re: zeros(2, 2), im: zeros(2, 3) };
    expect(() => eig(zeros(2, 3))).toThrow(ShapeError);
    expect(() => eigvals(zeros(2, 3))).toThrow(ShapeError);
    expect(() => eigInto({ re, im: new Float64Array(3) }, a, work)).toThrow(ShapeError);
    expect(() => eigInto({ re, im: new Float32Array(2) }, a, work)).toThrow(DtypeError);
    expect(() => eigInto({ re, im, vectors }, a, work)).toThrow("vectors.im");
    expect(re).toEqual(Float64Array.of(7, 7));
    work.dispose();
  });

  test("an eigenvalue outside the range of the dtype is refused before anything is written", () => {
    for (const [type, most] of [
      ["float32", 3e38],
      ["float64", 1.5e308],
    ] as const) {
      const a = fromRows([[most, most], [most, most]], type) as MatrixLike; // biome-ignore format: a matrix
      expect(() => eig(a)).toThrow(OverflowError);
      expect(() => eigvals(a)).toThrow(OverflowError);
    }
  });

  refusesBadMatrices("eig", eig);
  refusesBadMatrices("eigvals", eigvals);
});
