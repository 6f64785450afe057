import {
  addMatrixMatchers,
  dense,
  element,
  frobenius,
  hilbert,
  kahan,
  LAPACK_SIZES,
  lapackMatrices,
  type NamedMatrix,
  single,
  ULP,
  type View,
} from "@sumo/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { onEveryEngine } from "../../test/on-every-engine.ts";
import { layouts, refusesBadMatrices } from "../../test/refusals.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError, OptionError, ShapeError, WorkspaceError } from "../errors.ts";
import { fromRows, type MatrixLike, matrix, zeros } from "../matrix/matrix.ts";
import { Workspace } from "../memory/workspace.ts";
import { qr, qrInto, qrWorkspace } from "./qr.ts";

addMatrixMatchers();

/** LAPACK's threshold for its QR residual ratios (dchkqr). */
const THRESHOLD = 30;
const FAMOUS: NamedMatrix[] = [
  { name: "Hilbert 12", matrix: hilbert(12) },
  { name: "Kahan 40", matrix: kahan(40) },
];

/** a with the columns in the order of the pivots. */
const permuted = (a: View, pivots: ArrayLike<number>): View =>
  dense(a.shape[0]!, a.shape[1]!, (i, j) => element(a, i, pivots[j]!));

function isUpper(r: View): boolean {
  for (let i = 0; i < r.shape[0]!; i++) {
    for (let j = 0; j < Math.min(i, r.shape[1]!); j++) if (!Object.is(element(r, i, j), 0)) return false;
  }
  return true;
}

onEveryEngine("qr", () => {
  describe.each(["float32", "float64"] as const)("of %s", (type) => {
    const ulp = ULP[type];

    function checkFactors(name: string, a: View & MatrixLike): void {
      const [m, n] = [a.shape[0]!, a.shape[1]!];
      const unit = THRESHOLD * Math.max(1, m, n) * ulp;
      for (const mode of ["thin", "complete"] as const) {
        for (const pivot of [false, true]) {
          const { q, r, pivots } = qr(a, { mode, pivot });
          expect([q, r], name).toReconstruct(permuted(a, pivots), unit * frobenius(a));
          expect(q, name).toBeOrthonormal(unit);
          const diagonal = Array.from({ length: Math.min(m, n) }, (_, i) => r.get(i, i));
          expect(
            diagonal.every((x, i) => x >= 0 && !(pivot && i > 0 && x > diagonal[i - 1]! * (1 + unit))),
            name,
          ).toBe(true);
          expect(isUpper(r), name).toBe(true);
        }
      }
    }

    test.each(LAPACK_SIZES)("keeps LAPACK's ratios on its matrices, %d × %d", (m, n) => {
      for (const { name, matrix: a } of lapackMatrices(m, n, type, 100 * m + n)) {
        checkFactors(name, type === "float32" ? single(a) : a);
      }
    });

    test("keeps them on matrices that break others", () => {
      for (const { name, matrix: a } of FAMOUS) checkFactors(name, type === "float32" ? single(a) : a);
    });
  });

  test("a tiny column beside large ones still gives an orthonormal q", () => {
    const subnormal = fc.constantFrom(0, 5e-324, -3e-310, 1e-160, 1, -2, 1e300);
    const entries = fc.array(subnormal, { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(entries, (values) => {
        const a = matrix(4, 3, Float64Array.from(values));
        const { q, r } = qr(a);
        expect(q).toBeOrthonormal(THRESHOLD * 4 * ULP.float64);
        expect([q, r]).toReconstruct(a, THRESHOLD * 4 * ULP.float64 * frobenius(a));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("every layout gives the same bits", () => {
    const [{ matrix: a }] = lapackMatrices(7, 5, "float64", 3).slice(-4) as [NamedMatrix];
    const [first, ...others] = layouts(a, "float64").map((view) => qr(view));
    for (const other of others) expect([other.q.data, other.r.data]).toEqual([first!.q.data, first!.r.data]);
  });

  test("writes through strides and over its input", () => {
    const a = fromRows([
      [3, 0],
      [4, 5],
    ]);
    const r = matrix(2, 2, new Float64Array(9), { stride: [-1, -4], offset: 7 });
    const work = new Workspace(currentEngine(), qrWorkspace(2, 2));
    qrInto({ q: a, r }, a, work);
    work.dispose();
    const tolerance = 8 * ULP.float64;
    expect(r).toBeCloseMatrix(
      dense(2, 2, (i, j) => [5, 4, 0, 3][2 * i + j]!),
      tolerance,
    );
    expect(a).toBeCloseMatrix(
      dense(2, 2, (i, j) => [0.6, -0.8, 0.8, 0.6][2 * i + j]!),
      tolerance,
    );
  });

  test("refuses outputs that do not fit, before it writes", () => {
    const a = fromRows([[1, 2]]);
    const work = new Workspace(currentEngine(), qrWorkspace(1, 2));
    const q = zeros(1, 1);
    const r = zeros(1, 2);
    expect(() => qrInto({ q, r: zeros(2, 2) }, a, work)).toThrow(ShapeError);
    expect(() => qrInto({ q, r: zeros(1, 2, "float32") }, a, work)).toThrow(DtypeError);
    expect(() => qrInto({ q, r }, a, work, { pivot: true })).toThrow(ShapeError);
    expect(() => qrInto({ q, r }, a, work, { mode: "full" as "thin" })).toThrow(OptionError);
    expect(q.data[0]).toBe(0);
    work.dispose();
    const small = new Workspace(currentEngine(), 64);
    expect(() => qrInto({ q, r }, zeros(1, 2), small)).toThrow(WorkspaceError);
    small.dispose();
  });

  refusesBadMatrices("qr", qr);
});
