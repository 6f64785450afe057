import {
  addMatrixMatchers,
  dense,
  flip,
  frobenius,
  hilbert,
  lapackMatrices,
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
import { refusesBadMatrices, refusesNonFinite } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { norm } from "../products/norm.ts";
import { cond, matrixRank } from "./cond.ts";
import { lstsq, lstsqInto, lstsqWorkspace } from "./lstsq.ts";
import { nullspace } from "./nullspace.ts";
import { orth, orthInto, orthWorkspace } from "./orth.ts";
import { pinv, pinvInto, pinvWorkspace } from "./pinv.ts";

addMatrixMatchers();

const SHAPES = [
  [0, 3],
  [1, 1],
  [4, 4],
  [9, 5],
  [5, 9],
  [40, 35],
  [40, 5],
] as const;

onEveryEngine("rank", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];
    const typed = (a: ReturnType<typeof dense>): View & MatrixLike => (type === "float32" ? single(a) : a);

    test.each(SHAPES)("range, null space and rank add up, %d × %d", (m, n) => {
      for (const { name, matrix: given } of lapackMatrices(m, n, type, m + n)) {
        const a = typed(given);
        const rank = matrixRank(a);
        const q = orth(a);
        const z = nullspace(a);
        const unit = 35 * Math.max(1, m, n) * ulp;
        expect([q.shape, z.shape], name).toEqual([[m, rank], [n, n - rank]]); // biome-ignore format: short
        expect(q, name).toBeOrthonormal(unit);
        expect(z, name).toBeOrthonormal(unit);
        expect(frobenius(times(a, z)), name).toBeLessThanOrEqual(2 * Math.sqrt(n) * unit * frobenius(a));
        expect([q, flip(q), a], name).toReconstruct(a, 2 * Math.sqrt(n) * unit * frobenius(a));
      }
    });

    test.each(SHAPES)("pinv satisfies Penrose's four conditions, %d × %d", (m, n) => {
      const k = Math.min(m, n);
      for (const rank of new Set([k, Math.ceil(k / 2), Math.min(1, k)])) {
        const s = Array.from({ length: k }, (_, i) => (i < rank ? 2 ** -i % 1 || 1 : 0)).map((x) => Math.max(x, 0));
        const values = s.map((x) => (x === 0 ? 0 : Math.max(x, 1 / 8)));
        const a = typed(withSingularValues(m, n, values, new TestRandom(m * n + rank)));
        const x = pinv(a, { tolerance: 1e-3 });
        const unit = 35 * Math.max(1, m, n) * ulp;
        const [ax, xa] = [times(a, x), times(x, a)];
        // ‖a‖ ‖x‖ ≤ 8 k.
        expect([ax, a]).toReconstruct(a, unit * 8 * k * frobenius(a));
        expect([xa, x]).toReconstruct(x, unit * 8 * k * frobenius(x));
        expect(ax).toBeCloseMatrix(flip(ax), unit * 8 * k);
        expect(xa).toBeCloseMatrix(flip(xa), unit * 8 * k);
      }
    });

    test.each(SHAPES)("lstsq leaves a residual orthogonal to the range, and the shortest solution, %d × %d", (m, n) => {
      const k = Math.min(m, n);
      for (const rank of [k, Math.ceil(k / 2)]) {
        const values = Array.from({ length: k }, (_, i) => (i < rank ? 1 / (1 + i) : 0));
        const a = typed(withSingularValues(m, n, values, new TestRandom(m + 7 * n + rank)));
        const b = typed(dense(m, 2, (i, j) => Math.sin(i + 3 * j)));
        const result = lstsq(a, b, { tolerance: 1e-4 });
        expect(result.rank).toBe(rank);
        const unit = 35 * Math.max(1, m, n) * ulp * Math.max(1, rank) ** 2;
        const residual = minus(times(a, result.x), b);
        expect(frobenius(times(flip(a), residual))).toBeLessThanOrEqual(unit * frobenius(b));
        const z = nullspace(a, { tolerance: 1e-4 });
        expect(frobenius(times(flip(z), result.x))).toBeLessThanOrEqual(unit * frobenius(b));
        result.s.forEach((value, i) => {
          expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(unit);
        });
      }
    });
  });

  test("lstsq fits a line as worked out by hand", () => {
    const { x } = lstsq(fromRows([[1, 0], [1, 1], [1, 2]]), fromRows([[6], [0], [0]])); // biome-ignore format: matrices
    expect(x).toBeCloseMatrix(
      dense(2, 1, (i) => [5, -3][i]!),
      64 * ULP.float64,
    );
  });

  test("cond of a known spectrum, of Hilbert's matrix and of a singular one", () => {
    const a = withSingularValues(8, 6, [64, 3, 2, 1, 0.5, 0.25], new TestRandom(6));
    expect(Math.abs(cond(a) / 256 - 1)).toBeLessThanOrEqual(8 * 256 * ULP.float64);
    // Tabulated: 15513.73873892924 for order 4.
    expect(Math.abs(cond(hilbert(4)) / 15513.73873892924 - 1)).toBeLessThanOrEqual(4 * 1.5e4 * ULP.float64);
    expect(cond(zeros(2, 2))).toBe(Infinity);
    expect(cond(matrix(1, 1, Float64Array.of(1e-300)))).toBe(1);
    expect(() => cond(zeros(0, 2))).toThrow(ShapeError);
  });

  test("norms by hand, at any scale, in any layout", () => {
    for (const scale of [1, 2 ** -1060, 2 ** 1000]) {
      const a = fromRows([[1 * scale, -2 * scale], [-2 * scale, 4 * scale]]); // biome-ignore format: a matrix
      for (const view of [a, a.T, a.step(-1, -1)]) {
        expect([norm(view), norm(view, 1), norm(view, Infinity)]).toEqual([5 * scale, 6 * scale, 6 * scale]);
        for (const kind of [2, "nuc"] as const) {
          expect(Math.abs(norm(view, kind) / (5 * scale) - 1)).toBeLessThanOrEqual(8 * ULP.float64);
        }
      }
    }
    expect(norm(fromRows([[1, -5], [2, 2]]), 1)).toBe(7); // biome-ignore format: a matrix
    expect(norm(fromRows([[1, -5], [2, 2]]), Infinity)).toBe(6); // biome-ignore format: a matrix
    for (const kind of ["fro", "nuc", 1, 2, Infinity] as const) expect(norm(zeros(0, 3), kind)).toBe(0);
    expect(() => norm(identity(2), 3 as 2)).toThrow(OptionError);
  });

  test("refuses what does not fit, before it writes", () => {
    const a = identity(2);
    const work = new Workspace(
      currentEngine(),
      Math.max(pinvWorkspace(2, 2), orthWorkspace(2, 2), lstsqWorkspace(2, 2, 2)),
    );
    expect(() => pinvInto(zeros(2, 3), a, work)).toThrow(ShapeError);
    expect(() => orthInto(zeros(2, 2, "float32"), a, work)).toThrow(DtypeError);
    expect(() => lstsqInto({ x: a, s: new Float64Array(1) }, a, a, work)).toThrow(ShapeError);
    expect(() => lstsq(a, zeros(3, 1))).toThrow(ShapeError);
    expect(() => lstsq(a, matrix(2, 1, Float64Array.of(1, Number.NaN)))).toThrow(NonFiniteError);
    for (const routine of [pinv, orth, nullspace, matrixRank]) {
      for (const tolerance of [-1, 1, Number.NaN]) expect(() => routine(a, { tolerance })).toThrow(OptionError);
    }
    expect(a.data).toEqual(Float64Array.of(1, 0, 0, 1));
    work.dispose();
  });

  refusesBadMatrices("pinv", (a) => pinv(a));
  refusesBadMatrices("lstsq", (a) => lstsq(a, identity(2)));
  refusesBadMatrices("orth", (a) => orth(a));
  refusesBadMatrices("nullspace", (a) => nullspace(a));
  refusesBadMatrices("matrixRank", (a) => matrixRank(a));
  refusesBadMatrices("cond", (a) => cond(a));
  refusesNonFinite("norm", (a) => norm(a));
});
