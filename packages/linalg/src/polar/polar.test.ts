import {
  addMatrixMatchers,
  dense,
  element,
  exactPolar,
  flip,
  frobenius,
  lapackMatrices,
  minus,
  single,
  TestRandom,
  times,
  ULP,
  type View,
  withSingularValues,
} from "@sumo/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, OptionError, ShapeError } from "../errors.ts";
import { fromRows, type MatrixLike, matrix, transpose, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { polar, polarInto, polarWorkspace } from "./polar.ts";

addMatrixMatchers();

/** Half the distance from 1 to the next float32: what rounding once may cost, relative. */
const ROUNDING = ULP.float32 / 2;

/** Sylvester's Hadamard matrix of order 2ᵖ: orthogonal up to a power of two, entries ±1. */
const hadamard = (i: number, j: number): number => {
  let parity = i & j;
  parity ^= parity >> 4;
  parity ^= parity >> 2;
  return (parity ^ (parity >> 1)) & 1 ? -1 : 1;
};

onEveryEngine("polar", () => {
  test.each([0, 8, 14, 15, 18, 22])("is the exact factor of float32 rows with condition 2^%d", (exponent) => {
    // H₁ diag(d) H₂ᵀ is a matrix of whole numbers below 2²⁴, exact in float32; so is its polar factor, H₁ H₂ᵀ over a power of two.
    const d = (k: number): number => 2 ** Math.round((exponent * k) / 15);
    const sum = (i: number, j: number): number => {
      let total = 0;
      for (let k = 0; k < 16; k++) total += hadamard(i, k) * d(k) * hadamard(k, j);
      return total;
    };
    const product = (i: number, j: number): number => {
      let total = 0;
      for (let k = 0; k < 16; k++) total += hadamard(i, k) * hadamard(k, j);
      return total / 32;
    };
    const a = single(dense(16, 64, sum));
    const { u, s, rank } = polar(a);
    const exact = single(dense(16, 64, product));
    expect(Array.from(u.data)).toEqual(Array.from(exact.data, (x) => (x === 0 ? expect.closeTo(0, 7) : x)));
    expect(rank).toBe(16);
    s.forEach((value, i) => {
      expect(Math.abs(value / (32 * d(15 - i)) - 1)).toBeLessThanOrEqual(ULP.float32);
    });
    expect(polar(transpose(a)).u).toBeCloseMatrix(flip(u), ROUNDING);
  });

  test.each([1, 1e2, 1e4, 5e4, 1e6, 1e7])("agrees with an exact oracle for float32 of condition %d", (condition) => {
    const random = new TestRandom(condition);
    for (const n of [2, 5, 8]) {
      const s = Array.from({ length: n }, (_, i) => condition ** (-i / (n - 1)));
      const a = single(withSingularValues(n, n, s, random));
      const exact = { ...a, data: exactPolar(n, a.data) };
      const error = frobenius(minus(polar(a).u, exact)) / Math.sqrt(n);
      expect(error).toBeLessThanOrEqual(ROUNDING);
    }
  });

  test.each([1, 1e3, 1e7, 1e12])("keeps float64 to the sensitivity of the factor at condition %d", (condition) => {
    const random = new TestRandom(condition);
    for (const n of [2, 5, 8]) {
      const s = Array.from({ length: n }, (_, i) => condition ** (-i / (n - 1)));
      const a = withSingularValues(n, n, s, random);
      const error = frobenius(minus(polar(a).u, { ...a, data: exactPolar(n, a.data) }));
      expect(error).toBeLessThanOrEqual(4 * n * condition * ULP.float64);
    }
  });

  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    test.each([
      [0, 0],
      [0, 3],
      [1, 1],
      [1, 7],
      [3, 3],
      [5, 16],
      [17, 10],
      [40, 90],
    ])("is a partial isometry on LAPACK's matrices, %d × %d", (m, n) => {
      for (const { name, matrix: a } of lapackMatrices(m, n, type, 10 * m + n)) {
        const input: View & MatrixLike = type === "float32" ? single(a) : a;
        const { u, s, rank } = polar(input);
        const unit = 16 * Math.max(1, m, n) * ULP[type];
        // u uᵀ u = u, and the trace of uᵀ u counts the directions.
        expect([u, flip(u), u], name).toReconstruct(u, unit * Math.sqrt(rank));
        expect(Math.abs(frobenius(u) ** 2 - rank), name).toBeLessThanOrEqual(unit * Math.max(1, rank));
        // uᵀ a is symmetric, positive semidefinite, with the spectrum's sum as its trace.
        const h = times(flip(u), input);
        expect(h, name).toBeCloseMatrix(flip(h), unit * frobenius(input));
        const trace = Array.from({ length: n }, (_, i) => element(h, i, i)).reduce((sum, x) => sum + x, 0);
        const kept = s.slice(0, rank).reduce((sum, x) => sum + x, 0);
        expect(Math.abs(trace - kept), name).toBeLessThanOrEqual(
          unit * Math.sqrt(Math.max(1, rank)) * frobenius(input),
        );
      }
    });
  });

  test("drops what lies below the tolerance and nothing else", () => {
    const a = withSingularValues(6, 9, [1, 0.5, 0.1, 0.01, 1e-3, 1e-9], new TestRandom(2));
    for (const [tolerance, rank] of [
      [0, 6],
      [1e-8, 5],
      [0.02, 3],
      [0.7, 1],
    ] as const) {
      const result = polar(matrix(6, 9, a.data), { tolerance });
      expect(result.rank).toBe(rank);
      expect(Math.abs(frobenius(result.u) ** 2 - rank)).toBeLessThanOrEqual(32 * 9 * ULP.float64);
    }
    expect(polar(zeros(3, 4)).u.data.every((x) => x === 0)).toBe(true);
  });

  test("is invariant to positive scaling, odd, and idempotent", () => {
    const entries = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(entries, fc.integer({ min: -900, max: 900 }), (values, exponent) => {
        const data = Float64Array.from(values);
        const { u, rank } = polar(matrix(3, 4, data));
        const scaled = data.map((x) => x * 2 ** exponent);
        fc.pre(scaled.every((x, i) => x / 2 ** exponent === data[i]));
        expect(polar(matrix(3, 4, scaled)).u.data).toEqual(u.data);
        expect(polar(matrix(3, 4, data.map((x) => -x))).u).toBeCloseMatrix(minus(zeros(3, 4), u), ULP.float64); // biome-ignore format: short
        expect(polar(u, { tolerance: 0.5 }).u).toBeCloseMatrix(u, 64 * ULP.float64);
        expect(rank).toBe(polar(u, { tolerance: 0.5 }).rank);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test("every layout gives the same bits, and the input may be the output", () => {
    for (const type of ["float32", "float64"] as const) {
      const { matrix: a } = lapackMatrices(5, 7, type, 3).at(-4)!;
      const [first, ...others] = layouts(a, type).map((view) => polar(view));
      for (const other of others) expect(other.u.data).toEqual(first!.u.data);
      const [input] = layouts(a, type);
      const work = new Workspace(currentEngine(), polarWorkspace(5, 7));
      polarInto({ u: input! }, input!, work);
      work.dispose();
      expect(input!.data).toEqual(first!.u.data);
    }
  });

  test("refuses what does not fit, before it writes", () => {
    const a = fromRows([[3, 4]]);
    const work = new Workspace(currentEngine(), polarWorkspace(1, 2));
    expect(() => polarInto({ u: zeros(2, 1) }, a, work)).toThrow(ShapeError);
    expect(() => polarInto({ u: zeros(1, 2, "float32") }, a, work)).toThrow(DtypeError);
    expect(() => polarInto({ u: a, s: new Float64Array(2) }, a, work)).toThrow(ShapeError);
    for (const tolerance of [-1, 1, Number.NaN])
      expect(() => polarInto({ u: a }, a, work, { tolerance })).toThrow(OptionError);
    expect(a.data).toEqual(Float64Array.of(3, 4));
    work.dispose();
  });

  refusesBadMatrices("polar", polar);
});
