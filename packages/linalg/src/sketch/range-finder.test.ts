import {
  addMatrixMatchers,
  dense,
  flip,
  frobenius,
  minus,
  single,
  TestRandom,
  times,
  ULP,
  type View,
  withSingularValues,
} from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, type MatrixLike, matrix, transpose, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { randomizedSvd, randomizedSvdInto, randomizedSvdWorkspace } from "./randomized-svd.ts";
import { rangeFinder, rangeFinderInto, rangeFinderWorkspace } from "./range-finder.ts";

addMatrixMatchers();

const [m, n, rank] = [60, 45, 6];
/** Singular values that fall by 0.8 each. */
const law = Array.from({ length: n }, (_, i) => 0.8 ** i);
const decaying = withSingularValues(m, n, law, new TestRandom(9));
const energy = (s: ArrayLike<number>, from: number, to: number): number => Math.hypot(...Array.from(s).slice(from, to));
/** Lower bound on the error of a rank-r approximation (Eckart and Young). */
const best = energy(law, rank, n);

/** ‖a − q qᵀ a‖. */
const missed = (q: Parameters<typeof times>[0], a = decaying): number =>
  frobenius(minus(a, times(q, times(flip(q), a))));

onEveryEngine("rangeFinder", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const a: View & MatrixLike = type === "float32" ? single(decaying) : decaying;

    test("captures nearly all that any basis can, from random numbers", () => {
      for (let seed = 0; seed < 5; seed++) {
        const { q, s } = rangeFinder(a, rank, { key: [seed, 0, 0] });
        expect(q).toBeOrthonormal(m * ULP[type]);
        // Halko, Martinsson and Tropp, theorem 10.5, for l = rank + 8 columns, tightened by the power iteration.
        expect(missed(q)).toBeLessThanOrEqual(best * 1.05);
        s.forEach((value, i) => {
          expect(value).toBeLessThanOrEqual(law[i]! * (1 + n * ULP[type]));
          expect(value).toBeGreaterThanOrEqual(law[i]! * 0.95);
        });
      }
    });

    test("power iterations help, and without truncation the basis is exact", () => {
      const error = (powerIterations: number, oversampling: number): number =>
        missed(rangeFinder(a, rank, { powerIterations, oversampling }).q);
      expect(error(0, 0)).toBeGreaterThan(error(2, 0));
      // The sketch's last direction falls by 0.8 ** 8 against the wanted ones in each of 9 products.
      expect(error(4, 8)).toBeLessThanOrEqual(best * (1 + 0.8 ** (8 * 9) * m + m * ULP[type]));
      const { q, s } = rangeFinder(a, n);
      expect(missed(q)).toBeLessThanOrEqual(m * n * ULP[type]);
      // The estimates are square roots of the eigenvalues of a Gram matrix.
      s.forEach((value, i) => {
        expect(Math.abs(value - law[i]!)).toBeLessThanOrEqual(m * ULP[type] * (1 + 1 / law[i]!));
      });
    });

    test("a warm start improves the basis it is given, also in place", () => {
      const cold = rangeFinder(a, rank, { powerIterations: 0, oversampling: 0 });
      const warm = rangeFinder(a, rank, { start: cold.q });
      expect(warm.q).toBeOrthonormal(m * ULP[type]);
      expect(missed(warm.q)).toBeLessThan(missed(cold.q));
      warm.s.forEach((value, i) => {
        expect(value).toBeLessThanOrEqual(law[i]! * (1 + n * ULP[type]));
      });
      const work = new Workspace(currentEngine(), rangeFinderWorkspace(m, n, rank, type));
      rangeFinderInto({ q: cold.q }, a, work, { start: cold.q });
      work.dispose();
      expect(cold.q.data).toEqual(warm.q.data);
    });

    test("stays orthonormal on zero, rank one, equal columns and extreme scales", () => {
      const cases = [
        dense(20, 12),
        dense(20, 12, () => 1),
        dense(20, 12, (i) => i),
        dense(20, 12, (i, j) => (i === j ? (type === "float32" ? 1e-40 : 1e-310) : 0)),
        dense(20, 12, (i, j) => (i === j ? 1e38 : 1)),
        // Far inside the range of float64, but not their eighth powers.
        ...(type === "float64" ? [1e-84, 1e84].map((x) => dense(20, 12, (i, j) => (i < j ? x : 0))) : []),
      ];
      for (const wide of cases) {
        const view: MatrixLike = type === "float32" ? single(wide) : wide;
        const { q } = rangeFinder(view, 5);
        expect(q).toBeOrthonormal(20 * ULP[type]);
        expect(rangeFinder(view, 5, { start: q }).q).toBeOrthonormal(20 * ULP[type]);
      }
    });

    test("randomizedSvd gives the leading triplets", () => {
      const { u, s, vt } = randomizedSvd(a, rank, { powerIterations: 3 });
      expect(u).toBeOrthonormal(m * ULP[type]);
      expect(flip(vt)).toBeOrthonormal(m * ULP[type]);
      s.forEach((value, i) => {
        expect(Math.abs(value - law[i]!)).toBeLessThanOrEqual(law[i]! * 1e-3);
      });
      const product = times(
        dense(m, rank, (i, j) => u.get(i, j) * s[j]!),
        vt,
      );
      expect(frobenius(minus(decaying, product))).toBeLessThanOrEqual(best * (1 + 1e-3));
      const tall = randomizedSvd(transpose(a), rank);
      expect(tall.u.shape).toEqual([n, rank]);
    });
  });

  test.each(["float32", "float64"] as const)("estimates of %s are as far off as documented, and no further", (type) => {
    const falling = [1, 0.3, 0.1, 0.03, 0.01, 0.003];
    const exact = withSingularValues(m, 6, falling, new TestRandom(7));
    const a: MatrixLike = type === "float32" ? single(exact) : exact;
    const [ulp, double] = [m * ULP[type], m * ULP.float64];
    const { q, s } = rangeFinder(a, 6);
    const warm = rangeFinder(a, 6, { start: q });
    const decomposed = randomizedSvd(a, 6);
    falling.forEach((sigma, i) => {
      expect(Math.abs(s[i]! - sigma)).toBeLessThanOrEqual(ulp + double / sigma);
      expect(Math.abs(warm.s[i]! - sigma)).toBeLessThanOrEqual(ulp / sigma + double / sigma ** 3);
      expect(Math.abs(decomposed.s[i]! - sigma)).toBeLessThanOrEqual(ulp);
    });
  });

  test("equal keys give equal bits in every layout, other keys others", () => {
    const [first, ...others] = layouts(decaying, "float64").map((view) => rangeFinder(view, rank, { key: [1, 2, 3] }));
    for (const other of others) expect(other.q.data).toEqual(first!.q.data);
    expect(rangeFinder(decaying, rank, { key: [1, 2, 4] }).q.data).not.toEqual(first!.q.data);
  });

  test("empty shapes and rank zero", () => {
    expect(rangeFinder(zeros(0, 4), 0).q.shape).toEqual([0, 0]);
    expect(rangeFinder(zeros(4, 3), 0).q.shape).toEqual([4, 0]);
    expect(randomizedSvd(zeros(4, 3), 0).vt.shape).toEqual([0, 3]);
  });

  test("refuses what does not fit, before it writes", () => {
    const a = fromRows([[3, 4], [1, 2]]); // biome-ignore format: a matrix
    const q = zeros(2, 1);
    const work = new Workspace(currentEngine(), rangeFinderWorkspace(2, 2, 1));
    expect(() => rangeFinder(a, 3)).toThrow(ShapeError);
    expect(() => rangeFinder(a, -1)).toThrow(OptionError);
    expect(() => rangeFinderInto({ q }, a, work, { oversampling: -1 })).toThrow(OptionError);
    expect(() => rangeFinderInto({ q }, a, work, { powerIterations: 0.5 })).toThrow(OptionError);
    expect(() => rangeFinderInto({ q }, a, work, { key: [-1, 0, 0] })).toThrow(OptionError);
    expect(() => rangeFinderInto({ q, s: new Float64Array(2) }, a, work)).toThrow(ShapeError);
    expect(() => rangeFinderInto({ q }, a, work, { start: zeros(2, 2) })).toThrow(ShapeError);
    expect(() => rangeFinderInto({ q }, a, work, { start: matrix(2, 1, Float64Array.of(1, Number.NaN)) })).toThrow(
      NonFiniteError,
    );
    expect(() => rangeFinderInto({ q: zeros(2, 1, "float32") }, a, work)).toThrow(DtypeError);
    expect(q.data).toEqual(Float64Array.of(0, 0));
    work.dispose();
    const more = new Workspace(currentEngine(), randomizedSvdWorkspace(2, 2, 1));
    const out = { u: q, s: new Float64Array(1), vt: zeros(1, 2) };
    expect(() => randomizedSvdInto({ ...out, vt: zeros(2, 2) }, a, more)).toThrow(ShapeError);
    expect(() => randomizedSvdInto({ ...out, s: new Float32Array(1) }, a, more)).toThrow(DtypeError);
    expect(q.data).toEqual(Float64Array.of(0, 0));
    more.dispose();
  });

  refusesBadMatrices("rangeFinder", (a) => rangeFinder(a, 1));
  refusesBadMatrices("randomizedSvd", (a) => randomizedSvd(a, 1));
});
