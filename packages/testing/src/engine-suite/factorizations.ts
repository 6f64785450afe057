import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dtype, type EngineUnderTest, unitRoundoff } from "./engine.ts";
import { layout, type Operand, withOperands } from "./operand.ts";

const EPS = unitRoundoff("float64");
const size = fc.oneof({ weight: 3, arbitrary: fc.nat(20) }, fc.integer({ min: 21, max: 90 }));
/** Layouts in the heap: the operands of these kernels are scratch. */
const inHeap = layout.map((place) => ({ ...place, inHeap: true }));
type Matrix = Operand<Float64Array>;

/** Contracts of the kernels of factorizations. */
export function describeFactorizations(engine: () => EngineUnderTest): void {
  describe("factorization kernels", () => {
    test("convert rounds each product once, in all four pairs of dtypes", () => {
      const dtypes = fc.constantFrom<Dtype>("float32", "float64");
      const property = fc.property(
        dtypes,
        dtypes,
        size,
        fc.constantFrom(1, -0.3),
        layout,
        layout,
        (from, to, n, alpha, ...at) =>
          withOperands(engine(), (make) => {
            const [x, y] = [make(from, 1, n, at[0]), make(to, 1, n, at[1])];
            engine().convert(n, alpha, x.data, x.offset, y.data, y.offset);
            x.expectUntouched();
            y.expectGuards();
            for (let i = 0; i < n; i++) {
              const product = alpha * x.initial(0, i);
              expect(y.get(0, i)).toBe(to === "float32" ? Math.fround(product) : product);
            }
          }),
      );
      fc.assert(property, { seed: 1, numRuns: 100 });
    });

    test("largest finds the largest magnitude and every number that is not finite", () => {
      const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
      const dtypes = fc.constantFrom<Dtype>("float32", "float64");
      const property = fc.property(dtypes, size, bad, fc.nat(), layout, (dtype, n, value, where, place) =>
        withOperands(engine(), (make) => {
          const x = make(dtype, 1, n, place);
          const expected = Math.max(0, ...x.values().map(Math.abs));
          expect(engine().largest(n, x.data, x.offset)).toBe(expected);
          x.expectUntouched();
          if (n === 0) return;
          x.set(0, where % n, value);
          expect(Number.isFinite(engine().largest(n, x.data, x.offset))).toBe(false);
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 100 });
    });

    test("reflect subtracts each row's part along v", () => {
      const property = fc.property(size, size, inHeap, inHeap, (m, n, inX, inV) =>
        withOperands(engine(), (make) => {
          const [x, v] = [make("float64", m, n, inX) as Matrix, make("float64", 1, n, inV) as Matrix];
          engine().reflect(m, n, 0.7, v.data, v.offset, x.data, x.offset, x.ld);
          v.expectUntouched();
          x.expectGuards();
          for (let i = 0; i < m; i++) {
            const terms = Array.from({ length: n }, (_, j) => x.initial(i, j) * v.initial(0, j));
            const [dot, scale] = [sum(terms), sum(terms.map(Math.abs))];
            for (let j = 0; j < n; j++) {
              const error = Math.abs(x.get(i, j) - (x.initial(i, j) - 0.7 * dot * v.initial(0, j)));
              if (!(error <= 4 * (n + 4) * EPS * (1 + scale))) expect.fail(`x[${i}, ${j}] is off by ${error}`);
            }
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 60 });
    });

    test("gemv multiplies a matrix or its transpose with a vector", () => {
      const scalar = fc.constantFrom(0, 1, -1, 0.5);
      const property = fc.property(
        ...[size, size, fc.boolean(), scalar, scalar, inHeap, inHeap],
        (m, n, trans, alpha, beta, inA, inVectors) =>
          withOperands(engine(), (make) => {
            const [outputs, terms] = trans ? [n, m] : [m, n];
            const a = make("float64", m, n, inA) as Matrix;
            const x = make("float64", 1, terms, inVectors) as Matrix;
            const y = make("float64", 1, outputs, { ...inVectors, seed: 3 }) as Matrix;
            if (beta === 0) y.fill(Number.NaN);
            const operands = [a.data, a.offset, a.ld, x.data, x.offset] as const;
            engine().gemv(trans, m, n, alpha, ...operands, beta, y.data, y.offset);
            for (const operand of [a, x]) operand.expectUntouched();
            y.expectGuards();
            for (let i = 0; i < outputs; i++) {
              const product = sum(
                Array.from({ length: terms }, (_, p) => (trans ? a.get(p, i) : a.get(i, p)) * x.get(0, p)),
              );
              const expected = alpha * product + (beta === 0 ? 0 : beta * y.initial(0, i));
              expect(Math.abs(y.get(0, i) - expected)).toBeLessThanOrEqual(2 * (terms + 4) * EPS);
            }
          }),
      );
      fc.assert(property, { seed: 1, numRuns: 100 });
    });

    test("updateMultiply updates the upper triangle and multiplies with the symmetric matrix", () => {
      const property = fc.property(size, inHeap, inHeap, (n, inA, inVectors) =>
        withOperands(engine(), (make) => {
          const a = make("float64", n, n, inA) as Matrix;
          const [v, w, x, y] = [0, 1, 2, 3].map((seed) => make("float64", 1, n, { ...inVectors, seed })) as [
            Matrix,
            Matrix,
            Matrix,
            Matrix,
          ];
          engine().updateMultiply(n, a.data, a.offset, a.ld, v.data, w.data, x.data, y.data, v.offset);
          for (const operand of [v, w, x]) operand.expectUntouched();
          for (const operand of [a, y]) operand.expectGuards();
          const updated = (i: number, j: number): number =>
            a.initial(i, j) - v.get(0, i) * w.get(0, j) - w.get(0, i) * v.get(0, j);
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) {
              const expected = i <= j ? updated(i, j) : a.initial(i, j);
              const error = Math.abs(a.get(i, j) - expected);
              if (!(error <= (i <= j ? 12 * EPS : 0))) expect.fail(`a[${i}, ${j}] is off by ${error}`);
            }
            const product = sum(
              Array.from({ length: n }, (_, j) => updated(Math.min(i, j), Math.max(i, j)) * x.get(0, j)),
            );
            expect(Math.abs(y.get(0, i) - product)).toBeLessThanOrEqual(12 * (n + 4) * EPS * n);
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 60 });
    });

    test("qlSweep keeps the matrix that values and vectors stand for, and gathers the last neighbour", () => {
      const property = fc.property(fc.integer({ min: 2, max: 30 }), inHeap, inHeap, (n, inT, inZ) =>
        withOperands(engine(), (make) => {
          const [d, e] = [0, 1].map((seed) => make("float64", 1, n, { ...inT, offset: 0, seed })) as [Matrix, Matrix];
          const z = make("float64", n, n, inZ) as Matrix;
          for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) z.set(i, j, i === j ? 1 : 0);
          const before = tridiagonal(d, e, n);
          const end = engine().qlSweep(0, n - 1, d.data, e.data, z.data, z.offset, n, z.ld);
          z.expectGuards();
          expect(end).toBe(0);
          // T = Zᵀ T' Z, where the same rotations were applied to the rows of Z.
          const after = tridiagonal(d, e, n);
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) {
              let [value, gram] = [0, 0];
              for (let p = 0; p < n; p++) {
                gram += z.get(i, p) * z.get(j, p);
                for (let q = Math.max(0, p - 1); q <= Math.min(n - 1, p + 1); q++)
                  value += z.get(p, i) * after(p, q) * z.get(q, j);
              }
              expect(Math.abs(value - before(i, j))).toBeLessThanOrEqual(40 * n * EPS);
              expect(Math.abs(gram - (i === j ? 1 : 0))).toBeLessThanOrEqual(20 * n * EPS);
            }
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 60 });
    });

    test("rankOneEigen solves diag(d) + ρ z zᵀ, however close its values", () => {
      const gap = fc.constantFrom(1, 0.3, 1e-3, 1e-7, 1e-12);
      const component = fc.constantFrom(1, -0.4, 1e-4, -1e-9);
      const entries = fc.array(fc.tuple(gap, component), { minLength: 1, maxLength: 45 });
      const property = fc.property(entries, fc.constantFrom(1, 0.01, 30), fc.boolean(), (list, rho, reversed) => {
        const k = list.length;
        withHeap(engine(), k, ({ d, z, values, scratch, vectors, place }) => {
          list.forEach(([step, part], i) => {
            d[i] = (i === 0 ? -3 : d[i - 1]!) + step;
            z[i] = part;
            place[i] = reversed ? k - 1 - i : i;
          });
          engine().rankOneEigen(k, rho, d, z, place, values, vectors, scratch);
          const norm = Math.max(...d.map(Math.abs)) + rho * sum(Array.from(z, (x) => x * x));
          for (let i = 0; i < k; i++) {
            expect(values[i]).toBeGreaterThanOrEqual(d[i]!);
            if (i + 1 < k) expect(values[i]).toBeLessThanOrEqual(d[i + 1]!);
            const row = Array.from({ length: k }, (_, j) => vectors[i * k + place[j]!]!);
            const along = sum(row.map((x, j) => x * z[j]!));
            row.forEach((x, j) => {
              const residual = d[j]! * x + rho * z[j]! * along - values[i]! * x;
              expect(Math.abs(residual)).toBeLessThanOrEqual(60 * k * EPS * norm);
            });
            for (let other = 0; other <= i; other++) {
              const dot = sum(row.map((x, j) => x * vectors[other * k + place[j]!]!));
              expect(Math.abs(dot - (other === i ? 1 : 0))).toBeLessThanOrEqual(60 * k * EPS);
            }
          }
        });
      });
      fc.assert(property, { seed: 1, numRuns: 100 });
    });

    test("sweeps of one-sided Jacobi make rows orthogonal by rotations alone", () => {
      const property = fc.property(fc.integer({ min: 1, max: 14 }), size, inHeap, inHeap, (k, extra, inX, inZ) =>
        withOperands(engine(), (make) => {
          const n = k + extra;
          const [x, z] = [make("float64", k, n, inX) as Matrix, make("float64", k, k, inZ) as Matrix];
          const squares = make("float64", 1, k, { ...inX, offset: 0 }) as Matrix;
          for (let i = 0; i < k; i++) {
            squares.set(0, i, sum(Array.from({ length: n }, (_, j) => x.initial(i, j) ** 2)));
            for (let j = 0; j < k; j++) z.set(i, j, i === j ? 1 : 0);
          }
          const tolerance = 8 * Math.sqrt(n) * EPS;
          const sweep = (): number =>
            engine().jacobiSweep(k, n, tolerance, x.data, x.offset, x.ld, squares.data, k, z.data, z.offset, z.ld);
          let sweeps = 0;
          while (sweep() > 0) expect(++sweeps).toBeLessThanOrEqual(15);
          x.expectGuards();
          z.expectGuards();
          const scale = 20 * (sweeps + 1) * n * EPS;
          for (let i = 0; i < k; i++) {
            for (let j = 0; j < n; j++) {
              const turned = sum(Array.from({ length: k }, (_, p) => z.get(i, p) * x.initial(p, j)));
              expect(Math.abs(x.get(i, j) - turned)).toBeLessThanOrEqual(scale * k);
            }
            expect(Math.abs(squares.get(0, i) - dot(x, i, i, n))).toBeLessThanOrEqual(scale * n);
            for (let j = 0; j < i; j++) {
              const cosine = Math.abs(dot(x, i, j, n)) / Math.sqrt(dot(x, i, i, n) * dot(x, j, j, n));
              expect(cosine).toBeLessThanOrEqual(2 * tolerance);
              expect(Math.abs(dot(z, i, j, k))).toBeLessThanOrEqual(scale);
            }
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 40 });
    });

    test("sweeps of two-sided Jacobi make a symmetric matrix diagonal by rotations alone, each pair to its own scale", () => {
      const order = fc.integer({ min: 1, max: 14 });
      const property = fc.property(order, fc.constantFrom(0, 4, 20), inHeap, inHeap, (n, grade, inA, inZ) =>
        withOperands(engine(), (make) => {
          const [a, z] = [make("float64", n, n, inA) as Matrix, make("float64", n, n, inZ) as Matrix];
          const entry = (i: number, j: number): number =>
            a.initial(Math.max(i, j), Math.min(i, j)) * 2 ** (-grade * (i + j));
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) {
              a.set(i, j, entry(i, j));
              z.set(i, j, i === j ? 1 : 0);
            }
          }
          const sweep = (): number =>
            engine().jacobiEigenSweep(n, EPS, a.data, a.offset, a.ld, n, z.data, z.offset, z.ld);
          let sweeps = 0;
          while (sweep() > 0) expect(++sweeps).toBeLessThanOrEqual(15);
          a.expectGuards();
          z.expectGuards();
          const scale = 20 * (sweeps + 1) * n * EPS;
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) {
              // Z A₀ Zᵀ = A.
              let turned = 0;
              for (let p = 0; p < n; p++) {
                for (let q = 0; q < n; q++) turned += z.get(i, p) * entry(p, q) * z.get(j, q);
              }
              expect(Math.abs(a.get(i, j) - turned)).toBeLessThanOrEqual(scale * n);
              expect(Math.abs(dot(z, i, j, n) - (i === j ? 1 : 0))).toBeLessThanOrEqual(scale);
              expect(a.get(i, j)).toBe(a.get(j, i));
              if (i === j) continue;
              const size = Math.sqrt(Math.abs(a.get(i, i))) * Math.sqrt(Math.abs(a.get(j, j)));
              expect(Math.abs(a.get(i, j))).toBeLessThanOrEqual(EPS * size);
            }
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 40 });
    });
  });
}

const sum = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0);

const dot = (x: Matrix, i: number, j: number, n: number): number =>
  sum(Array.from({ length: n }, (_, p) => x.get(i, p) * x.get(j, p)));

/** Copies a symmetric tridiagonal matrix into a function of the indices. */
function tridiagonal(d: Matrix, e: Matrix, n: number): (i: number, j: number) => number {
  const [diagonal, beside] = [d, e].map((x) => Array.from({ length: n }, (_, i) => x.get(0, i))) as [
    number[],
    number[],
  ];
  return (i, j) => (i === j ? diagonal[i]! : Math.abs(i - j) === 1 ? beside[Math.min(i, j)]! : 0);
}

interface RankOneArrays {
  readonly d: Float64Array;
  readonly z: Float64Array;
  readonly values: Float64Array;
  readonly scratch: Float64Array;
  readonly vectors: Float64Array;
  readonly place: Int32Array;
}

/** Runs `body` with arrays in the heap for an update of order k, which are released afterwards. */
function withHeap({ heap }: EngineUnderTest, k: number, body: (arrays: RankOneArrays) => void): void {
  const [d, z, values, scratch] = [0, 0, 0, 0].map(() => heap.float64(k)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [vectors, place] = [heap.float64(k * k), heap.int32(k)];
  try {
    body({ d, z, values, scratch, vectors, place });
  } finally {
    for (const array of [d, z, values, scratch, vectors, place]) heap.release(array);
  }
}
