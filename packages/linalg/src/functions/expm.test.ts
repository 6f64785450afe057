import {
  addMatrixMatchers,
  dense,
  element,
  flip,
  frobenius,
  grcar,
  jordan,
  lapackMatrices,
  minus,
  scaleColumns,
  single,
  TestRandom,
  times,
  ULP,
  type View,
} from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { eigh } from "../eigh/eigh.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, OverflowError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { expm, expmInto, expmWorkspace } from "./expm.ts";

addMatrixMatchers();

const THRESHOLD = 30;

const scaled = (a: View, factor: number) => dense(a.shape[0]!, a.shape[1]!, (i, j) => factor * element(a, i, j));

onEveryEngine("expm", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each([0, 1, 2, 3, 5, 10, 17, 40])("times that of the opposite is the identity, at order %d", (n) => {
      const matrices = lapackMatrices(n, n, type, n).filter(({ matrix: a }) => frobenius(a) < 40);
      for (const { name, matrix: a } of matrices) {
        const [forth, back] = [expm(typed(a)), expm(typed(scaled(a, -1)))];
        const unit = THRESHOLD * Math.max(1, n) * ulp * (1 + frobenius(a));
        expect([forth, back], name).toReconstruct(identity(n), unit * frobenius(forth) * frobenius(back));
      }
    });

    test("of a multiple of a shift has the reciprocal factorials, whatever its size", () => {
      const n = 9;
      for (const c of [2 ** -10, 1, 2 ** 10]) {
        const e = expm(typed(dense(n, n, (i, j) => (j === i + 1 ? c : 0))));
        for (let i = 0; i < n; i++) {
          let value = 1;
          for (let j = i; j < n; j++) {
            if (j > i) value *= c / (j - i);
            expect(Math.abs(e.get(i, j) - value)).toBeLessThanOrEqual(THRESHOLD * n * ulp * Math.max(1, value));
          }
          for (let j = 0; j < i; j++) expect(Math.abs(e.get(i, j))).toBeLessThanOrEqual(n * ulp);
        }
      }
    });

    test("of a symmetric matrix has its eigenvectors and the exponentials of its eigenvalues", () => {
      const random = new TestRandom(5);
      for (const n of [2, 6, 20]) {
        const half = dense(n, n, () => random.normal());
        const a = dense(n, n, (i, j) => element(half, i, j) + element(half, j, i));
        const { values, vectors } = eigh(typed(a));
        const e = expm(typed(a));
        const known = times(scaleColumns(vectors, Array.from(values, Math.exp)), flip(vectors));
        const tolerance = THRESHOLD * n * ulp * (1 + frobenius(a)) * frobenius(known);
        expect(e).toBeCloseMatrix(known, tolerance);
      }
    });
  });

  test("of a rotation's generator is the rotation, also many times around", () => {
    for (const angle of [1e-9, 0.1, 1, Math.PI / 2, 3, 100, 1e4]) {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const e = expm(fromRows([[0, -angle], [angle, 0]])); // biome-ignore format: a matrix
      const tolerance = THRESHOLD * ULP.float64 * (1 + angle);
      expect(e).toBeCloseMatrix(fromRows([[c, -s], [s, c]]), tolerance); // biome-ignore format: short
    }
  });

  test("of a diagonal matrix has its elements to relative accuracy", () => {
    const values = [-600, -1, 0, 1e-12, 3, 500];
    const e = expm(dense(6, 6, (i, j) => (i === j ? values[i]! : 0)));
    for (const [i, x] of values.entries()) {
      expect(Math.abs(e.get(i, i) / Math.exp(x) - 1)).toBeLessThanOrEqual(4 * ULP.float64);
      for (let j = 0; j < 6; j++) if (j !== i) expect(Math.abs(e.get(i, j))).toBe(0);
    }
  });

  test("of Ward's ill-conditioned matrix is its interpolation at the eigenvalues -1, -2 and -20", () => {
    const a = fromRows([[-131, 19, 18], [-390, 56, 54], [-387, 57, 52]]); // biome-ignore format: a matrix
    const values = [-1, -2, -20];
    const less = (x: number) => dense(3, 3, (i, j) => element(a, i, j) - (i === j ? x : 0));
    // Σ exp(λ) Π (a − μ) / (λ − μ) over the others μ: exact matrices of whole numbers.
    const known = dense(3, 3);
    for (const x of values) {
      const [y, z] = values.filter((other) => other !== x) as [number, number];
      const product = times(less(y), less(z));
      const factor = Math.exp(x) / ((x - y) * (x - z));
      for (let i = 0; i < 9; i++) known.data[i]! += factor * product.data[i]!;
    }
    expect(expm(a)).toBeCloseMatrix(known, 3 * ULP.float64 * frobenius(a) ** 2);
  });

  test("of a triangular matrix has the scalar exponential and its divided differences, whatever the size of the rest", () => {
    for (const b of [1, 1e3, 1e6, 1e12]) {
      const e = expm(fromRows([[1, b], [0, -1]])); // biome-ignore format: a matrix
      expect(expm(fromRows([[1, 0], [b, -1]])).T).toBeCloseMatrix(e, 0); // biome-ignore format: short
      expect([e.get(0, 0), e.get(1, 1)]).toEqual([Math.E, Math.exp(-1)]);
      expect(Math.abs(e.get(0, 1) / (b * Math.sinh(1)) - 1)).toBeLessThanOrEqual(4 * ULP.float64);
    }
  });

  test("of twice a matrix is the square, and its determinant the exponential of the trace", () => {
    const matrices = [grcar(12), jordan(8, -2), dense(5, 5, (i, j) => Math.sin(1 + i * 5 + j))];
    for (const a of matrices) {
      const n = a.shape[0];
      const e = expm(a);
      const tolerance = THRESHOLD * n * ULP.float64 * (1 + frobenius(a)) * frobenius(e) ** 2;
      expect([e, e]).toReconstruct(expm(scaled(a, 2)), tolerance);
    }
  });

  test("of decay without bound is zero, and of growth without bound is refused before anything is written", () => {
    expect(expm(fromRows([[-1e300, 0], [0, 0]])).data).toEqual(Float64Array.of(0, 0, 0, 1)); // biome-ignore format: short
    expect(expm(fromRows([[0, 1e300], [0, 0]])).data).toEqual(Float64Array.of(1, 1e300, 0, 1)); // biome-ignore format: short
    expect(expm(zeros(3, 3)).data).toEqual(identity(3).data);
    for (const rows of [
      [
        [1000, 0],
        [0, -1000],
      ],
      [[1e300]],
      [
        [0, 1e300, 0],
        [0, 0, 1e300],
        [0, 0, 0],
      ],
    ]) {
      // biome-ignore format: short
      const a = fromRows(rows);
      const before = a.data.slice();
      const work = new Workspace(currentEngine(), expmWorkspace(a.shape[0]));
      expect(() => expmInto(a, a, work)).toThrow(OverflowError);
      work.dispose();
      expect(a.data).toEqual(before);
    }
    expect(() => expm(fromRows([[100]], "float32") as MatrixLike)).toThrow(OverflowError);
  });

  test("every layout gives the same bits, the output may be the input, float32 is rounded once", () => {
    const random = new TestRandom(5);
    const a = dense(7, 7, () => random.normal());
    const [first, ...others] = layouts(a, "float64").map((view) => expm(view));
    for (const other of others) expect(other.data).toEqual(first!.data);
    const work = new Workspace(currentEngine(), expmWorkspace(7));
    const rounded = single(a);
    const exact = dense(7, 7, (i, j) => element(rounded, i, j));
    expect(expm(rounded).data).toEqual(Float32Array.from(expm(exact).data));
    expmInto(a, a, work);
    expect(a.data).toEqual(first!.data);
    work.dispose();
    expect(frobenius(minus(first!, a))).toBe(0);
  });

  test("outputs that do not fit are refused", () => {
    const work = new Workspace(currentEngine(), expmWorkspace(2));
    expect(() => expm(zeros(2, 3))).toThrow(ShapeError);
    expect(() => expmInto(zeros(2, 3), zeros(2, 2), work)).toThrow(ShapeError);
    expect(() => expmInto(zeros(2, 2, "float32"), zeros(2, 2), work)).toThrow(DtypeError);
    work.dispose();
  });

  refusesBadMatrices("expm", expm);
});
