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
  type NamedMatrix,
  single,
  TestRandom,
  ULP,
  type View,
} from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, OverflowError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { hessenberg, hessenbergInto, hessenbergWorkspace } from "./hessenberg.ts";
import { schur, schurInto, schurWorkspace } from "./schur.ts";

addMatrixMatchers();

/** LAPACK's threshold for its nonsymmetric eigenproblem ratios (nep.in). */
const THRESHOLD = 20;
const SIZES = [0, 1, 2, 3, 5, 10, 17, 40];

/** Matrices with what the iteration finds hard: no shift of their own, one eigenvector, sensitive values. */
const famous: readonly NamedMatrix[] = [
  ...[2, 3, 4, 8, 21, 50].map((n) => ({ name: `cycle of ${n}`, matrix: cycle(n) })),
  ...[0, 2, -1e-8].map((value) => ({ name: `Jordan block of ${value}`, matrix: jordan(12, value) })),
  { name: "transposed Jordan block", matrix: flip(jordan(12, 1)) },
  { name: "Frank 16", matrix: frank(16) },
  { name: "transposed Frank 16", matrix: flip(frank(16)) },
  { name: "Grcar 40", matrix: grcar(40) },
  { name: "Kahan 30", matrix: kahan(30) },
  { name: "transposed Kahan 30", matrix: flip(kahan(30)) },
  { name: "companion of 1 … 10", matrix: companion([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) },
  // Day, How the QR algorithm fails to converge and how to fix it (1996).
  ...[1e-3, 1e-6, 1e-9].map((h) => ({
    name: `Day's matrix with ${h}`,
    matrix: fromRows([[0, 1, 0, 0], [1, 0, h, 0], [0, -h, 0, 1], [0, 0, 1, 0]]), // biome-ignore format: a matrix
  })),
].map(({ name, matrix: a }) => ({ name, matrix: dense(a.shape[0], a.shape[1], (i, j) => element(a, i, j)) }));

/** Upper triangular but for 2 × 2 blocks with equal diagonal elements and off-diagonal ones of opposite signs. */
function checkQuasiTriangular(name: string, t: View): void {
  const n = t.shape[0]!;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i - 1; j++) expect(element(t, i, j), name).toBe(0);
    if (i === 0 || element(t, i, i - 1) === 0) continue;
    expect(element(t, i, i), name).toBe(element(t, i - 1, i - 1));
    expect(element(t, i, i - 1) * element(t, i - 1, i), name).toBeLessThanOrEqual(0);
    expect(Math.sign(element(t, i, i - 1)), name).toBe(-Math.sign(element(t, i - 1, i)));
    if (i > 1) expect(Math.abs(element(t, i - 1, i - 2)), name).toBe(0);
  }
}

onEveryEngine("schur", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    function checkFactors(name: string, a: View & MatrixLike): void {
      const n = a.shape[0]!;
      const unit = THRESHOLD * Math.max(1, n) * ulp;
      const { h, q } = hessenberg(a);
      expect([q, h, flip(q)], name).toReconstruct(a, unit * frobenius(a));
      expect(q, name).toBeOrthonormal(unit);
      for (let i = 0; i < n; i++) for (let j = 0; j < i - 1; j++) expect(h.get(i, j), name).toBe(0);
      const { t, z } = schur(a);
      expect([z, t, flip(z)], name).toReconstruct(a, unit * frobenius(a));
      expect(z, name).toBeOrthonormal(unit);
      checkQuasiTriangular(name, t);
    }

    test.each(SIZES)("keeps LAPACK's ratios on its matrices of order %d", (n) => {
      for (const { name, matrix: a } of lapackMatrices(n, n, type, n)) checkFactors(name, typed(a));
    });

    test("keeps them on matrices that break others, and beyond the order that fits a cache", () => {
      for (const { name, matrix: a } of famous) checkFactors(name, typed(a));
      const random = new TestRandom(9);
      checkFactors("random", typed(dense(101, 101, () => random.normal())));
    });
  });

  test("leaves a matrix in Schur form, and one in Hessenberg form, as it is", () => {
    const t = fromRows([[1, 2, 3, 4], [0, 5, 6, 7], [0, -8, 5, 9], [0, 0, 0, 10]]); // biome-ignore format: a matrix
    expect(schur(t).t.data).toEqual(t.data);
    expect(schur(t).z.data).toEqual(identity(4).data);
    const h = frank(6);
    expect(hessenberg(h).h.data).toEqual(h.data);
    expect(hessenberg(h).q.data).toEqual(identity(6).data);
  });

  test("the first k vectors span an invariant subspace", () => {
    const random = new TestRandom(3);
    const n = 24;
    const a = dense(n, n, () => random.normal());
    const { t, z } = schur(a);
    const k = t.get(12, 11) === 0 ? 12 : 13;
    const basis = dense(n, k, (i, j) => z.get(i, j));
    const block = dense(k, k, (i, j) => t.get(i, j));
    const unit = THRESHOLD * n * ULP.float64 * frobenius(a);
    // A z₁ = z₁ t₁₁.
    expect([basis, block, flip(basis), basis]).toReconstruct(
      dense(n, k, (i, j) => {
        let sum = 0;
        for (let p = 0; p < n; p++) sum += element(a, i, p) * z.get(p, j);
        return sum;
      }),
      unit,
    );
  });

  test("every layout gives the same bits, outputs may be inputs", () => {
    const random = new TestRandom(5);
    const a = dense(7, 7, () => random.normal());
    for (const routine of [schur, hessenberg]) {
      const [first, ...others] = layouts(a, "float64").map((view) => routine(view));
      for (const other of others) expect(other).toEqual(first);
    }
    const { t, z } = schur(a);
    const work = new Workspace(currentEngine(), Math.max(schurWorkspace(7), hessenbergWorkspace(7)));
    const [inPlace, other] = [zeros(7, 7), zeros(7, 7)];
    inPlace.data.set(a.data);
    schurInto({ t: inPlace, z: other }, inPlace, work);
    expect([inPlace.data, other.data]).toEqual([t.data, z.data]);
    const { h } = hessenberg(a);
    inPlace.data.set(a.data);
    hessenbergInto({ h: inPlace }, inPlace, work);
    expect(inPlace.data).toEqual(h.data);
    work.dispose();
  });

  test("refuses outputs that do not fit, before it writes", () => {
    const a = zeros(2, 2);
    const work = new Workspace(currentEngine(), schurWorkspace(2));
    const t = zeros(2, 2);
    t.data.fill(7);
    const most = fromRows([[1.5e308, 1.5e308], [1.5e308, 1.5e308]]); // biome-ignore format: a matrix
    expect(() => schur(most)).toThrow(OverflowError);
    expect(() => schur(zeros(2, 3))).toThrow(ShapeError);
    expect(() => hessenberg(zeros(2, 3))).toThrow(ShapeError);
    expect(() => schurInto({ t, z: zeros(2, 3) }, a, work)).toThrow(ShapeError);
    expect(() => schurInto({ t, z: zeros(2, 2, "float32") }, a, work)).toThrow(DtypeError);
    expect(() => hessenbergInto({ h: t, q: zeros(3, 3) }, a, work)).toThrow(ShapeError);
    expect(t.data).toEqual(Float64Array.of(7, 7, 7, 7));
    work.dispose();
  });

  refusesBadMatrices("schur", schur);
  refusesBadMatrices("hessenberg", hessenberg);
});
