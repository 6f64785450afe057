import {
  addMatrixMatchers,
  companion,
  dense,
  element,
  flip,
  frank,
  frobenius,
  jordan,
  kahan,
  type NamedMatrix,
  scaleColumns,
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
import { eigvals } from "../eig/eig.ts";
import { eigh } from "../eigh/eigh.ts";
import { currentEngine } from "../engine/current.ts";
import { DomainError, DtypeError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { sqrtm, sqrtmInto, sqrtmWorkspace } from "./sqrtm.ts";

addMatrixMatchers();

const THRESHOLD = 30;

/** Matrices whose eigenvalues stay off the negative real axis. */
function matrices(n: number): NamedMatrix[] {
  const random = new TestRandom(n);
  const noise = dense(n, n, () => random.normal());
  const shift = 2 * Math.sqrt(n);
  return [
    { name: "zero", matrix: dense(n, n) },
    { name: "identity", matrix: dense(n, n, (i, j) => (i === j ? 1 : 0)) },
    { name: "right half-plane", matrix: dense(n, n, (i, j) => element(noise, i, j) + (i === j ? shift : 0)) },
    { name: "a Gram matrix", matrix: times(noise, flip(noise)) },
    { name: "rotations of planes", matrix: dense(n, n, (i, j) => rotations(n, i, j)) },
    { name: "Jordan block", matrix: jordan(n, 3) },
    { name: "Kahan", matrix: kahan(n) },
  ];
}

/** Blocks of rotations by up to 3 radians, and a 1 if n is odd. */
function rotations(n: number, i: number, j: number): number {
  const plane = Math.floor(i / 2);
  if (plane !== Math.floor(j / 2)) return 0;
  if (n % 2 === 1 && i === n - 1) return 1;
  const angle = (3 * (plane + 1)) / Math.ceil(n / 2);
  return i === j ? Math.cos(angle) : i > j ? Math.sin(angle) : -Math.sin(angle);
}

onEveryEngine("sqrtm", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    function checkRoot(name: string, a: View & MatrixLike): void {
      const n = a.shape[0]!;
      const x = sqrtm(a);
      // Where eigenvalues are near zero, x is larger than the root of the norm.
      const unit = THRESHOLD * Math.max(1, n) * ulp * frobenius(x) ** 2;
      expect([x, x], name).toReconstruct(a, unit);
    }

    test.each([0, 1, 2, 3, 5, 10, 17, 40])("squares to the matrix, at order %d", (n) => {
      for (const { name, matrix: a } of matrices(n)) checkRoot(name, typed(a));
    });

    test("squares to Frank's matrix and to a companion matrix", () => {
      checkRoot("Frank", typed(frank(8)));
      checkRoot("companion", typed(companion([1, 2, 3, 4, 5])));
    });

    test("of a semidefinite matrix of low rank squares to it", () => {
      const random = new TestRandom(4);
      for (const rank of [1, 3]) {
        const values = Array.from({ length: 8 }, (_, i) => (i < rank ? 1 + i : 0));
        checkRoot(`rank ${rank}`, typed(withEigenvalues(values, random)));
      }
    });
  });

  test("has eigenvalues in the right half-plane, and commutes with the matrix", () => {
    for (const { name, matrix: a } of matrices(9).slice(2)) {
      const x = sqrtm(a);
      for (const re of eigvals(x).re) expect(re, name).toBeGreaterThan(0);
      const unit = THRESHOLD * 9 * ULP.float64 * frobenius(x) ** 3;
      expect([x, a], name).toReconstruct(times(a, x), unit);
    }
  });

  test("of a definite matrix has its eigenvectors and the roots of its eigenvalues", () => {
    const random = new TestRandom(2);
    const a = withEigenvalues([1, 2, 5, 9, 20, 100], random);
    const { values, vectors } = eigh(a);
    const known = times(scaleColumns(vectors, Array.from(values, Math.sqrt)), flip(vectors));
    expect(sqrtm(a)).toBeCloseMatrix(known, THRESHOLD * 6 * ULP.float64 * frobenius(known));
  });

  test("of a rotation is that by half the angle", () => {
    for (const angle of [0.1, 1.5, 3, 3.1]) {
      const turn = (x: number) => fromRows([[Math.cos(x), -Math.sin(x)], [Math.sin(x), Math.cos(x)]]); // biome-ignore format: a matrix
      // The root turns as fast as the angle nears π and the eigenvalues one another.
      expect(sqrtm(turn(angle))).toBeCloseMatrix(turn(angle / 2), (THRESHOLD * ULP.float64) / (Math.PI - angle));
    }
  });

  test.each([4 ** -515, 4 ** -450, 4 ** 450, 4 ** 509])(
    "of a matrix times %d is the root times the root of it",
    (factor) => {
      const a = fromRows([[5, 2, 1], [-1, 6, 3], [2, 0, 7]]); // biome-ignore format: a matrix
      const large = sqrtm(dense(3, 3, (i, j) => factor * a.get(i, j)));
      expect(Array.from(large.data, (x) => x / Math.sqrt(factor))).toEqual(Array.from(sqrtm(a).data));
    },
  );

  test("a matrix without a real principal root is refused, before anything is written", () => {
    const none = [
      [[-1]],
      [[1, 5], [0, -4]],
      [[-1, 0], [0, -1]],
      [[0, 1], [0, 0]],
      [[1, 2, 3], [0, 0, 1], [0, 0, 0]],
    ]; // biome-ignore format: matrices
    for (const rows of none) {
      const a = fromRows(rows);
      const before = a.data.slice();
      const work = new Workspace(currentEngine(), sqrtmWorkspace(rows.length));
      expect(() => sqrtmInto(a, a, work)).toThrow(DomainError);
      work.dispose();
      expect(a.data).toEqual(before);
    }
    expect(() => sqrtm(fromRows([[1, 5], [0, -4]]))).toThrow("got -4"); // biome-ignore format: short
    // Minus the identity has roots, rotations by a quarter, but no principal one; a zero block that is whole has the root zero.
    expect(sqrtm(fromRows([[0, 0], [0, 4]])).data).toEqual(Float64Array.of(0, 0, 0, 2)); // biome-ignore format: short
  });

  test("every layout gives the same bits, the output may be the input", () => {
    const { matrix: a } = matrices(7)[2]!;
    const [first, ...others] = layouts(a, "float64").map((view) => sqrtm(view));
    for (const other of others) expect(other.data).toEqual(first!.data);
    const work = new Workspace(currentEngine(), sqrtmWorkspace(7));
    sqrtmInto(a, a, work);
    work.dispose();
    expect(a.data).toEqual(first!.data);
  });

  test("outputs that do not fit are refused", () => {
    const work = new Workspace(currentEngine(), sqrtmWorkspace(2));
    expect(() => sqrtm(zeros(2, 3))).toThrow(ShapeError);
    expect(() => sqrtmInto(zeros(2, 3), identity(2), work)).toThrow(ShapeError);
    expect(() => sqrtmInto(zeros(2, 2, "float32"), identity(2), work)).toThrow(DtypeError);
    work.dispose();
  });

  refusesBadMatrices("sqrtm", sqrtm);
});
