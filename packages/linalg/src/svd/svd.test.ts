import {
  addMatrixMatchers,
  dense,
  determinant,
  frobenius,
  hilbert,
  kahan,
  LAPACK_SIZES,
  lapackMatrices,
  lauchli,
  type NamedMatrix,
  scaleColumns,
  single,
  TestRandom,
  ULP,
  type View,
} from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, ShapeError } from "../errors.ts";
import { fromRows, type MatrixLike, matrix, transpose, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { svd, svdInto, svdvals, svdWorkspace } from "./svd.ts";

addMatrixMatchers();

/** LAPACK's threshold for its SVD residual ratios (svd.in). */
const THRESHOLD = 35;

onEveryEngine("svd", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];

    function checkFactors(name: string, a: View & MatrixLike): void {
      const [m, n] = [a.shape[0]!, a.shape[1]!];
      const k = Math.min(m, n);
      const unit = THRESHOLD * Math.max(1, m, n) * ulp;
      const { u, s, vt } = svd(a);
      expect([scaleColumns(u, s), vt], name).toReconstruct(a, unit * frobenius(a));
      const full = svd(a, { full: true });
      expect([scaleColumns(full.u, s), full.vt.hi(k, n)], name).toReconstruct(a, unit * frobenius(a));
      for (const vectors of [u, transpose(vt), full.u, transpose(full.vt)]) expect(vectors, name).toBeOrthonormal(unit);
      const values = svdvals(a);
      for (let i = 0; i < k; i++) {
        expect(s[i], name).toBeGreaterThanOrEqual(i + 1 < k ? s[i + 1]! : 0);
        expect(Math.abs(values[i]! - s[i]!), name).toBeLessThanOrEqual(unit * s[0]!);
        expect(largestComponent(u, i), name).toBeGreaterThan(0);
      }
    }

    test.each(LAPACK_SIZES)("keeps LAPACK's ratios on its matrices, %d × %d", (m, n) => {
      for (const { name, matrix: a } of lapackMatrices(m, n, type, 100 * m + n)) {
        checkFactors(name, type === "float32" ? single(a) : a);
      }
    });

    test("keeps them on matrices that break others", () => {
      const famous: NamedMatrix[] = [
        { name: "Hilbert 12", matrix: hilbert(12) },
        { name: "Kahan 40", matrix: kahan(40) },
        { name: "Lauchli 20", matrix: lauchli(20, ulp) },
        { name: "8 × 300", matrix: lapackMatrices(8, 300, type, 1).at(-4)!.matrix },
      ];
      for (const { name, matrix: a } of famous) checkFactors(name, type === "float32" ? single(a) : a);
    });

    // What deflation leaves of equal rows, as in pictures; and in float64 given directly: squares around the least number there is.
    test.each([1e-158, 1e-161, 1e-162, 1e-170])("keeps them where rows all but vanish: %d of the first", (share) => {
      const random = new TestRandom(9);
      for (let trial = 0; trial < 10; trial++) {
        const a = dense(6, 6, (i) => (i === 0 ? 1 : share) * (random.uniform() - 0.5));
        checkFactors(`trial ${trial}`, type === "float32" ? single(a) : a);
      }
    });
  });

  test("its vectors are orthonormal where every element is the least number there is", () => {
    const a = matrix(44, 43, new Float64Array(44 * 43).fill(Number.MIN_VALUE));
    const { u, vt } = svd(a);
    for (const vectors of [u, transpose(vt)]) expect(vectors).toBeOrthonormal(THRESHOLD * 44 * ULP.float64);
  });

  test("finds known singular values", () => {
    const mu = 1e-7;
    const expected = [Math.sqrt(9 + mu * mu), ...Array(8).fill(mu)];
    svdvals(matrix(10, 9, lauchli(9, mu).data)).forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(10 * ULP.float64 * expected[0]!);
    });
    // Golden ratio and its inverse.
    const s = svdvals(fromRows([[1, 1], [0, 1]])); // biome-ignore format: a matrix
    expect(Math.abs(s[0]! - (1 + Math.sqrt(5)) / 2)).toBeLessThanOrEqual(4 * ULP.float64);
    expect(Math.abs(s[1]! - (Math.sqrt(5) - 1) / 2)).toBeLessThanOrEqual(4 * ULP.float64);
  });

  test("gives the smallest singular value of a graded matrix to full relative accuracy", () => {
    // Whole numbers times powers of two: the determinant, which is the product of the singular values, is known exactly.
    // Methods through a bidiagonal matrix miss the small values by orders of magnitude here: they stop at ε σ₁.
    const random = new TestRandom(5);
    for (let trial = 0; trial < 20; trial++) {
      const n = 6;
      const whole = Float64Array.from({ length: n * n }, () => Math.floor(19 * random.uniform()) - 9);
      const { value } = determinant(n, whole);
      if (value === 0) continue;
      const graded = whole.map((x, i) => x * 2 ** (-15 * (i % n)));
      const product = svdvals(matrix(n, n, graded)).reduce((all, s) => all * s, 1);
      const exact = Math.abs(value) * 2 ** (-15 * 15);
      const condition = svdvals(matrix(n, n, whole)).reduce((ratio, s, _, all) => Math.max(ratio, all[0]! / s), 1);
      expect(Math.abs(product - exact)).toBeLessThanOrEqual(n * n * condition * ULP.float64 * exact);
    }
  });

  test("is invariant to scaling by powers of two and to transposition", () => {
    const { matrix: a } = lapackMatrices(9, 6, "float64", 8).at(-4)!;
    const view = matrix(9, 6, a.data);
    const s = svdvals(view);
    const far = svdvals(
      matrix(
        9,
        6,
        a.data.map((x) => x * 2 ** 900),
      ),
    );
    expect(far).toEqual(s.map((x) => x * 2 ** 900));
    svdvals(transpose(view)).forEach((value, i) => {
      expect(Math.abs(value - s[i]!)).toBeLessThanOrEqual(9 * ULP.float64 * s[0]!);
    });
  });

  test("every layout gives the same bits", () => {
    const { matrix: a } = lapackMatrices(7, 5, "float32", 3).at(-4)!;
    const [first, ...others] = layouts(a, "float32").map((view) => svd(view));
    for (const other of others)
      expect([other.u.data, other.s, other.vt.data]).toEqual([first!.u.data, first!.s, first!.vt.data]);
  });

  test("refuses outputs that do not fit, before it writes", () => {
    const a = zeros(3, 2);
    const work = new Workspace(currentEngine(), svdWorkspace(3, 2));
    const s = new Float64Array(2).fill(7);
    expect(() => svdInto({ s, u: zeros(3, 2) }, a, work)).toThrow(ShapeError);
    expect(() => svdInto({ s, u: zeros(3, 3), vt: zeros(2, 2) }, a, work)).toThrow(ShapeError);
    expect(() => svdInto({ s: new Float64Array(3) }, a, work)).toThrow(ShapeError);
    expect(() => svdInto({ s: new Float32Array(2) }, a, work)).toThrow(DtypeError);
    expect(s).toEqual(Float64Array.of(7, 7));
    svdInto({ s, u: a, vt: zeros(2, 2) }, a, work);
    expect(s).toEqual(Float64Array.of(0, 0));
    expect(a).toBeOrthonormal(8 * ULP.float64);
    work.dispose();
  });

  refusesBadMatrices("svd", svd);
  refusesBadMatrices("svdvals", svdvals);
});

function largestComponent(
  u: { readonly shape: ArrayLike<number>; get(i: number, j: number): number },
  j: number,
): number {
  let largest = 0;
  for (let i = 0; i < u.shape[0]!; i++)
    if (Math.abs(u.get(i, j)) > Math.abs(largest) * (1 + 2 ** -19)) largest = u.get(i, j);
  return largest;
}
