import {
  fromRows,
  type Matrix,
  matmul as multiplyOnCpu,
  NonFiniteError,
  newtonSchulz as newtonSchulzOnCpu,
  norm as normOnCpu,
  polar as polarOnCpu,
  qr as qrOnCpu,
  rangeFinder as rangeFinderOnCpu,
  svd,
  transpose as transposeView,
  zeros,
} from "@sumo/linalg";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  choleskyQR,
  createGpu,
  type Gpu,
  type GpuMode,
  GpuOptionError,
  GpuShapeError,
  newtonSchulz,
  polar,
  polarInto,
  randomizedSvd,
  rangeFinder,
} from "../src/index.ts";
import { distance, normal } from "./matrices.ts";

const EPS = 2 ** -23;

type Dense = Matrix<Float64Array>;

const widened = (a: Matrix<Float32Array>): Dense => {
  const out = zeros(a.shape[0], a.shape[1]);
  out.data.set(a.data);
  return out;
};

/** ‖aᵀa − I‖, Frobenius. */
function skewness(a: Dense): number {
  const product = multiplyOnCpu(transposeView(a), a);
  for (let i = 0; i < product.shape[0]; i++) product.set(i, i, product.get(i, i) - 1);
  return normOnCpu(product);
}

/** m × n with the given singular values, rounded to float32. */
function withSpectrum(m: number, n: number, spectrum: readonly number[], seed: number): Dense {
  const u = qrOnCpu(normal(m, spectrum.length, seed)).q;
  const v = qrOnCpu(normal(n, spectrum.length, seed + 1)).q;
  spectrum.forEach((value, j) => {
    for (let i = 0; i < m; i++) u.set(i, j, u.get(i, j) * value);
  });
  const a = multiplyOnCpu(u, transposeView(v));
  a.data.forEach((value, i) => {
    a.data[i] = Math.fround(value);
  });
  return a;
}

const geometric = (count: number, condition: number): number[] =>
  Array.from({ length: count }, (_, i) => condition ** (-i / Math.max(1, count - 1)));

export function describeDecompositions(mode: GpuMode, numRuns: number): void {
  describe(`decompositions on ${mode}`, () => {
    let gpu: Gpu;
    beforeAll(async () => {
      gpu = await createGpu({ mode });
    });
    afterAll(() => {
      expect(gpu.memory.tensors).toBe(0);
      gpu.dispose();
    });

    const exponent = fc.integer({ min: 0, max: 9 });
    const shapes = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }), exponent);

    test("choleskyQR is backward stable and orthonormal at every condition and rank", () => {
      fc.assert(
        fc.property(shapes, fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(-60, 0, 60), ([p, q, power], seed, e) =>
          gpu.scope(() => {
            const [m, n] = [Math.max(p, q), Math.min(p, q)];
            const a = withSpectrum(m, n, geometric(n, 10 ** power), seed);
            a.data.forEach((value, i) => {
              a.data[i] = value * 2 ** e;
            });
            const result = choleskyQR(gpu.tensor(a));
            const u = widened(result.q.toMatrix());
            expect(skewness(u)).toBeLessThanOrEqual(4 * (Math.sqrt(m) + n) * EPS);
            const residual = distance(multiplyOnCpu(u, result.r).data, a.data);
            expect(residual).toBeLessThanOrEqual(4 * (Math.sqrt(m) + n) * EPS * normOnCpu(a));
          }),
        ),
        { seed: 1, numRuns },
      );
    });

    test.each([
      ["zero", zeros(9, 3)],
      ["all ones", fromRows(Array.from({ length: 9 }, () => [1, 1, 1]))],
      ["a repeated column", fromRows(Array.from({ length: 9 }, (_, i) => [i, i, i * i]))],
    ])("choleskyQR of %s", (_, a) => {
      gpu.scope(() => {
        const { q, r } = choleskyQR(gpu.tensor(a));
        expect(skewness(widened(q.toMatrix()))).toBeLessThanOrEqual(40 * EPS);
        expect(distance(multiplyOnCpu(widened(q.toMatrix()), r).data, a.data)).toBeLessThanOrEqual(
          40 * EPS * normOnCpu(a),
        );
      });
    });

    test.each([
      [24, 17, false],
      [17, 24, false],
      [17, 24, true],
    ])("rangeFinder of %d x %d, transposed %s, captures what linalg's does", (m, n, transpose) => {
      gpu.scope(() => {
        const a = withSpectrum(m, n, geometric(Math.min(m, n), 1e3), 5);
        const operand = transpose ? transposeView(a) : a;
        const options = { oversampling: 4, powerIterations: 1, key: [3, 1, 4] as const };
        const onCpu = rangeFinderOnCpu(operand, 5, options);
        const found = rangeFinder(gpu.tensor(a), 5, { ...options, transpose });
        const basis = widened(found.q.toMatrix());
        expect(skewness(basis)).toBeLessThanOrEqual(4 * (m + n) * EPS);
        const energy = (q: Dense): number => normOnCpu(multiplyOnCpu(transposeView(q), operand));
        expect(energy(basis)).toBeGreaterThanOrEqual(energy(onCpu.q) * (1 - (m + n) * EPS));
        expect(distance(found.s, onCpu.s)).toBeLessThanOrEqual(4 * (m + n) * EPS * normOnCpu(a));

        const start = gpu.tensor(onCpu.q);
        const again = rangeFinder(gpu.tensor(a), 5, { start, transpose });
        const warm = rangeFinderOnCpu(operand, 5, { start: onCpu.q });
        expect(skewness(widened(again.q.toMatrix()))).toBeLessThanOrEqual(4 * (m + n) * EPS);
        expect(energy(widened(again.q.toMatrix()))).toBeGreaterThanOrEqual(energy(warm.q) * (1 - (m + n) * EPS));
        expect(distance(again.s, warm.s)).toBeLessThanOrEqual(4 * (m + n) * EPS * normOnCpu(a));
      });
    });

    test("rangeFinder of zero and at the edges of float32 is orthonormal", () => {
      gpu.scope(() => {
        for (const unit of [0, 2 ** -100, 2 ** 100]) {
          const a = normal(12, 9, 7);
          a.data.forEach((value, i) => {
            a.data[i] = unit * value;
          });
          const { q, s } = rangeFinder(gpu.tensor(a), 3);
          expect(skewness(widened(q.toMatrix()))).toBeLessThanOrEqual(40 * EPS);
          expect(s[0]).toBeLessThanOrEqual(svd(a).s[0]! * (1 + 40 * EPS));
        }
      });
    });

    test("randomizedSvd rebuilds a matrix of low rank", () => {
      gpu.scope(() => {
        const spectrum = [5, 3, 2, 0.5];
        const a = withSpectrum(30, 21, spectrum, 9);
        const { u, s, vt } = randomizedSvd(gpu.tensor(a), 4);
        const [left, right] = [widened(u.toMatrix()), widened(vt.toMatrix())];
        expect(skewness(left)).toBeLessThanOrEqual(100 * EPS);
        expect(skewness(transposeView(right))).toBeLessThanOrEqual(100 * EPS);
        expect(distance(s, spectrum)).toBeLessThanOrEqual(50 * EPS * 5);
        const scaled = left;
        for (let i = 0; i < 30; i++) for (let j = 0; j < 4; j++) scaled.set(i, j, scaled.get(i, j) * s[j]!);
        expect(distance(multiplyOnCpu(scaled, right).data, a.data)).toBeLessThanOrEqual(100 * EPS * 5);
      });
    });

    test("newtonSchulz follows linalg's in float64, and reads nothing back", () => {
      fc.assert(
        fc.property(shapes, fc.boolean(), fc.constantFrom("muon", "polar-express"), ([p, q, power], tall, name) =>
          gpu.scope(() => {
            const coefficients = name as "muon" | "polar-express";
            const [m, n] = tall ? [p, q] : [q, p];
            const a = withSpectrum(m, n, geometric(Math.min(m, n), 10 ** Math.min(power, 3)), p + q);
            const x = gpu.tensor(a);
            const before = gpu.readBacks;
            const o = newtonSchulz(x, { coefficients });
            expect(gpu.readBacks).toBe(before);
            // A step's coefficients add up to at most 58 in absolute value, but its slope is bounded by the first, 8.3, for
            // small singular values and by 1 for the others.
            const tolerance = 8.3 * 10 ** Math.min(power, 3) * 32 * EPS;
            expect(distance(o.read(), newtonSchulzOnCpu(a, { coefficients }).data)).toBeLessThanOrEqual(tolerance);
          }),
        ),
        { seed: 2, numRuns },
      );
      gpu.scope(() => expect(Array.from(newtonSchulz(gpu.zeros(2, 3)).read())).toEqual([0, 0, 0, 0, 0, 0]));
    });

    test("polar is linalg's, with one read-back", () => {
      gpu.scope(() => {
        const a = withSpectrum(6, 15, geometric(6, 1e4), 3);
        const x = gpu.tensor(a);
        const before = gpu.readBacks;
        const { u, s, rank } = polar(x);
        expect(gpu.readBacks).toBe(before + 1);
        const expected = polarOnCpu(x.toMatrix());
        expect(Array.from(u.read())).toEqual(Array.from(expected.u.data));
        expect({ s, rank }).toEqual({ s: expected.s, rank: expected.rank });
        polarInto(x, x, { tolerance: 0.5 });
        expect(Array.from(x.read())).toEqual(
          Array.from(polarOnCpu(gpu.tensor(a).toMatrix(), { tolerance: 0.5 }).u.data),
        );
      });
    });

    test("mistakes are typed errors, and NaN is found", () => {
      gpu.scope(() => {
        const x = gpu.zeros(3, 5);
        expect(() => choleskyQR(x)).toThrow(GpuShapeError);
        expect(() => rangeFinder(x, 4)).toThrow(GpuShapeError);
        expect(() => rangeFinder(x, 2, { start: x })).toThrow(GpuShapeError);
        expect(() => rangeFinder(x, 2, { oversampling: -1 })).toThrow(GpuOptionError);
        expect(() => randomizedSvd(x, 1.5)).toThrow(GpuOptionError);
        const bad = gpu.tensor(Float32Array.of(1, Number.NaN, 2, 3), 2, 2);
        for (const routine of [choleskyQR, polar, (a: typeof bad) => rangeFinder(a, 1)]) {
          expect(() => routine(bad)).toThrow(NonFiniteError);
        }
      });
    });

    test("many operations leave memory flat", () => {
      gpu.scope(() => {
        const a = gpu.tensor(normal(8, 12, 1));
        const before = gpu.memory;
        for (let i = 0; i < 20; i++) gpu.scope(() => [rangeFinder(a, 3).q.rows, newtonSchulz(a).rows]);
        expect(gpu.memory).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
        const idle = gpu.memory.idleBytes;
        for (let i = 0; i < 20; i++) gpu.scope(() => [rangeFinder(a, 3).q.rows, newtonSchulz(a).rows]);
        expect(gpu.memory.idleBytes).toBe(idle);
      });
    });
  });
}
