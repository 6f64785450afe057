import {
  addMatrixMatchers,
  type Dense,
  dense,
  element,
  flip,
  frobenius,
  minus,
  type Strided,
  scaleColumns,
  strided,
  times,
  ULP,
  type View,
} from "@sumo/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  cholesky,
  cond,
  det,
  eig,
  eigh,
  eigvalsh,
  expm,
  gram,
  identity,
  inv,
  logm,
  lstsq,
  type MatrixLike,
  matrix,
  matrixRank,
  newtonSchulz,
  norm,
  nullspace,
  OverflowError,
  orth,
  pinv,
  polar,
  qr,
  randomizedSvd,
  rangeFinder,
  SingularError,
  schur,
  solve,
  solveTriangular,
  sqrtm,
  svd,
  svdvals,
  transpose,
} from "../src/index.ts";
import { onEveryEngine } from "./on-every-engine.ts";

addMatrixMatchers();

type Type = keyof typeof ULP;

/** A matrix, and the same over a power of two, at whose scale a test can compute without overflow. */
interface Scaled {
  readonly a: MatrixLike & View;
  readonly type: Type;
  /** The matrix over 2^exponent. */
  readonly base: Dense;
  readonly exponent: number;
  /** What rounding to subnormal numbers may cost: half their distance in the dtype, over 2^exponent, some dozens of times. */
  readonly floor: number;
  /** What the tests allow a backward stable method: a multiple of max(m, n) ulp of the dtype, relative to the norm. */
  readonly unit: number;
}

const LEAST = { float32: -149, float64: -1074 } as const;
/** Zeros and repeats; numbers like any; and scales that differ so much that squares under- and overflow. */
const ELEMENTS = {
  whole: fc.integer({ min: -2, max: 2 }),
  real: fc.double({ min: -1, max: 1, noNaN: true }),
  graded: fc.constantFrom(0, 1, -2, 3, 1e-4, -1e-8, 1e-16, 1e-25, -1e-30),
} as const;
const EXPONENTS = {
  float32: fc.constantFrom(0, -148, -130, -70, 60, 120),
  float64: fc.constantFrom(0, -1073, -1040, -530, -280, 280, 500, 1015),
} as const;
/** Mostly small; some beyond the order from which Jacobi's method starts from eigenvectors. */
const size = fc.oneof({ weight: 9, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(20) });
const type = fc.constantFrom<Type>("float32", "float64");

/** x 2^exponent, also where that power itself is out of range. */
function shift(x: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return x * 2 ** half * 2 ** (exponent - half);
}

const shifted = (a: View, exponent: number): Dense =>
  dense(a.shape[0]!, a.shape[1]!, (i, j) => shift(element(a, i, j), exponent));

function scaled(rows: number, cols: number, type: Type, elements: keyof typeof ELEMENTS): fc.Arbitrary<Scaled> {
  return EXPONENTS[type].chain((exponent) =>
    strided(rows, cols, { dtype: type, repeats: true, element: ELEMENTS[elements].map((x) => shift(x, exponent)) }).map(
      (view: Strided) => ({
        a: view,
        type,
        base: shifted(view, -exponent),
        exponent,
        floor: 40 * Math.max(rows, cols, 1) * Math.max(shift(1, LEAST[type] - 1 - exponent), Number.MIN_VALUE),
        unit: 35 * Math.max(rows, cols, 1) * ULP[type],
      }),
    ),
  );
}

const anyElements = fc.constantFrom<keyof typeof ELEMENTS>("whole", "real", "graded");
const anyMatrix = fc
  .tuple(size, size, type, anyElements)
  .chain(([m, n, type, elements]) => scaled(m, n, type, elements));
const anySquare = fc.tuple(size, type, anyElements).chain(([n, type, elements]) => scaled(n, n, type, elements));
/** Of condition up to some thousands, or singular. */
const tameMatrix = fc.tuple(size, size, type).chain(([m, n, type]) => scaled(m, n, type, "whole"));

/** Of whole numbers, so that balancing moves no eigenvector's residual by much. */
const tameSquare = fc.tuple(size, type).chain(([n, type]) => scaled(n, n, type, "whole"));

function holds<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { seed: 1, numRuns: 150 });
}

const back = (s: ArrayLike<number>, exponent: number): number[] => Array.from(s, (x) => shift(x, -exponent));

onEveryEngine("any matrix", () => {
  test("is u diag(s) vt, with orthonormal vectors and falling values, which are its norms", () => {
    holds(anyMatrix, ({ a, base, exponent, floor, unit }) => {
      const k = Math.min(...base.shape);
      const { u, s, vt } = svd(a);
      const scale = back(s, exponent);
      const tolerance = unit * frobenius(base) + floor;
      expect([scaleColumns(u, scale), vt]).toReconstruct(base, tolerance);
      const full = svd(a, { full: true });
      for (const vectors of [u, transpose(vt), full.u, transpose(full.vt)]) expect(vectors).toBeOrthonormal(unit);
      const values = back(svdvals(a), exponent);
      for (let i = 0; i < k; i++) {
        expect(s[i]).toBeGreaterThanOrEqual(s[i + 1] ?? 0);
        expect(Math.abs(values[i]! - scale[i]!)).toBeLessThanOrEqual(tolerance);
      }
      expect(Math.abs(shift(norm(a, 2), -exponent) - (scale[0] ?? 0))).toBeLessThanOrEqual(tolerance);
      expect(Math.abs(shift(norm(a), -exponent) - frobenius(base))).toBeLessThanOrEqual(tolerance);
    });
  });

  test("is q r, also with its columns exchanged", () => {
    holds(anyMatrix, ({ a, base, exponent, floor, unit }) => {
      const [m, n] = base.shape;
      const tolerance = unit * frobenius(base) + floor;
      const plain = qr(a);
      expect(plain.q).toBeOrthonormal(unit);
      expect([plain.q, shifted(plain.r, -exponent)]).toReconstruct(base, tolerance);
      const { q, r, pivots } = qr(a, { pivot: true });
      expect(q).toBeOrthonormal(unit);
      expect([q, shifted(r, -exponent)]).toReconstruct(
        dense(m, n, (i, j) => element(base, i, pivots![j]!)),
        tolerance,
      );
      const diagonal = Array.from({ length: Math.min(m, n) }, (_, i) => Math.abs(r.get(i, i)));
      for (let i = 1; i < diagonal.length; i++) {
        expect(shift(diagonal[i]!, -exponent)).toBeLessThanOrEqual(
          shift(diagonal[i - 1]!, -exponent) * (1 + unit) + floor,
        );
      }
    });
  });

  test("has a polar factor u with u uᵀ u = u, and uᵀ a symmetric", () => {
    holds(anyMatrix, ({ a, base, exponent, floor, unit, type }) => {
      const { u, s, rank } = polar(a);
      expect([u, transpose(u), u]).toReconstruct(u, unit);
      const h = times(flip(u), base);
      // What lies below the tolerance stays out of u; float32 rounds u once.
      const tolerance = 4 * unit * frobenius(base) + floor;
      expect(frobenius(minus(h, flip(h)))).toBeLessThanOrEqual(tolerance);
      // Subnormal values are counted before they are rounded.
      if (!(s[0]! < 2 ** -900))
        expect(rank).toBe(s.filter((x) => x > 2 ** -52 * Math.max(...base.shape) * s[0]!).length);
      const length = Math.hypot(...back(s, exponent));
      expect(Math.abs(length - frobenius(base))).toBeLessThanOrEqual(tolerance);
      expect(u.dtype).toBe(type);
    });
  });

  test("splits its domain: rank and null space make up all columns, its range holds all of it", () => {
    holds(anyMatrix, ({ a, base, unit, floor }) => {
      const [, n] = base.shape;
      const rank = matrixRank(a);
      const q = orth(a);
      const z = nullspace(a);
      expect([q.shape[1], z.shape[1]]).toEqual([rank, n - rank]);
      expect(q).toBeOrthonormal(unit);
      expect(z).toBeOrthonormal(unit);
      const tolerance = unit * frobenius(base) + floor;
      expect(frobenius(times(base, z))).toBeLessThanOrEqual(tolerance);
      expect([q, transpose(q), base]).toReconstruct(base, tolerance);
    });
  });

  test("of its full rank, the randomized decomposition is the exact one", () => {
    holds(anyMatrix, ({ a, base, exponent, floor, unit }) => {
      const k = Math.min(...base.shape);
      const { u, s, vt } = randomizedSvd(a, k, { key: [1, 2, 3] });
      expect([scaleColumns(u, back(s, exponent)), vt]).toReconstruct(base, unit * frobenius(base) + floor);
      expect(u).toBeOrthonormal(unit);
      const cold = rangeFinder(a, k, { key: [1, 2, 3] });
      const warm = rangeFinder(a, k, { start: cold.q });
      for (const { q } of [cold, warm]) {
        expect(q).toBeOrthonormal(unit);
        expect([q, transpose(q), base]).toReconstruct(base, unit * frobenius(base) + floor);
      }
    });
  });

  test("comes near its polar factor by Newton-Schulz: singular values stay below 1.3, directions stay", () => {
    holds(anyMatrix, ({ a, base, unit, floor }) => {
      const u = newtonSchulz(a);
      expect(svdvals(u)[0] ?? 0).toBeLessThan(1.3);
      const h = times(flip(u), base);
      expect(frobenius(minus(h, flip(h)))).toBeLessThanOrEqual(100 * unit * frobenius(base) + floor);
    });
  });

  test("of small whole numbers fulfils Penrose's four conditions with its inverse", () => {
    holds(tameMatrix, ({ a, base, exponent, type }) => {
      fc.pre(exponent > -500 && exponent < 100 && exponent > LEAST[type] + 40);
      const x = pinv(a);
      const inverse = shifted(x, exponent);
      const tolerance = 1e4 * ULP[type];
      expect([base, inverse, base]).toReconstruct(base, tolerance * (1 + frobenius(base)));
      expect([inverse, base, inverse]).toReconstruct(inverse, tolerance * (1 + frobenius(inverse)));
      for (const product of [times(base, inverse), times(inverse, base)]) {
        expect(frobenius(minus(product, flip(product)))).toBeLessThanOrEqual(tolerance);
      }
    });
  });

  test("has least-squares solutions whose residual is orthogonal to its range, and which have no part in its null space", () => {
    holds(
      fc
        .tuple(size, size, fc.nat(3), type)
        .chain(([m, n, p, type]) => fc.tuple(scaled(m, n, type, "whole"), strided(m, p, { dtype: type }))),
      ([{ a, base, exponent, type }, b]) => {
        fc.pre(Math.abs(exponent) < 100);
        const { x, s, rank } = lstsq(a, b as MatrixLike);
        const solution = shifted(x, exponent);
        const tolerance = 1e4 * ULP[type] * (1 + frobenius(b));
        const residual = minus(times(base, solution), b);
        expect(frobenius(times(flip(base), residual))).toBeLessThanOrEqual(tolerance * (1 + frobenius(base)));
        expect(frobenius(times(flip(nullspace(a)), solution))).toBeLessThanOrEqual(tolerance);
        expect(rank).toBe(matrixRank(a));
        expect(s.length).toBe(Math.min(...base.shape));
      },
    );
  });

  test("if square, solves what it multiplies, or is called singular and is", () => {
    holds(anySquare, ({ a, base, exponent, floor, unit, type }) => {
      const n = base.shape[0];
      fc.pre(Math.abs(exponent) < 100);
      const b = matrix(
        n,
        1,
        Float64Array.from({ length: n }, (_, i) => 1 + i),
      );
      const right = type === "float64" ? b : matrix(n, 1, Float32Array.from(b.data));
      let x: MatrixLike & View;
      try {
        x = solve(a, right as MatrixLike);
      } catch (error) {
        fc.pre(!(error instanceof OverflowError));
        expect(error).toBeInstanceOf(SingularError);
        expect(() => inv(a)).toThrow(SingularError);
        expect(cond(a)).toBeGreaterThan(1 / (64 * n * 2 ** -52));
        return;
      }
      const solution = shifted(x, exponent);
      fc.pre(Array.from(solution.data).every(Number.isFinite));
      const residual = frobenius(minus(times(base, solution), right));
      expect(residual).toBeLessThanOrEqual(4 * unit * frobenius(base) * frobenius(solution) + floor);
    });
  });

  test("if square, has a determinant as large as the product of its singular values", () => {
    holds(anySquare, ({ a, base, exponent, type }) => {
      fc.pre(exponent === 0);
      const product = Array.from(svdvals(a)).reduce((left, right) => left * right, 1);
      const { length } = base.data;
      // A change of one ulp of the matrix changes the determinant by so much.
      const tolerance = 64 * (1 + length) * ULP[type] * Math.max(product, frobenius(base) ** base.shape[0]);
      expect(Math.abs(Math.abs(det(a)) - product)).toBeLessThanOrEqual(tolerance);
    });
  });

  test("times its transpose plus the identity has a Cholesky factor that gives it back, and solves", () => {
    holds(tameMatrix, ({ a, base, exponent, type }) => {
      fc.pre(exponent === 0);
      const product = gram(a);
      for (let i = 0; i < product.shape[0]; i++) product.set(i, i, product.get(i, i) + 1);
      const l = cholesky(product);
      const unit = 35 * Math.max(1, base.shape[0]) * ULP[type];
      expect([l, transpose(l)]).toReconstruct(product, unit * frobenius(product));
      const x = solveTriangular(l, product, { lower: true });
      expect([l, x]).toReconstruct(product, unit * frobenius(l) * frobenius(x));
    });
  });

  test("plus its transpose has eigenvectors", () => {
    holds(anySquare, ({ a, type, exponent, base, floor, unit }) => {
      const n = base.shape[0];
      const storage = type === "float32" ? new Float32Array(n * n) : new Float64Array(n * n);
      const sum = matrix<Float32Array | Float64Array>(n, n, storage);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum.set(i, j, (element(a, i, j) + element(a, j, i)) / 2);
      const symmetric = shifted(sum, -exponent);
      const { values, vectors } = eigh(sum);
      const tolerance = unit * frobenius(symmetric) + floor;
      const own = back(values, exponent);
      expect(vectors).toBeOrthonormal(unit);
      expect([scaleColumns(vectors, own), transpose(vectors)]).toReconstruct(symmetric, tolerance);
      back(eigvalsh(sum), exponent).forEach((value, i) => {
        expect(Math.abs(value - own[i]!)).toBeLessThanOrEqual(tolerance);
      });
    });
  });

  test("if square, has a real Schur form, and eigenvalues that add up to its trace", () => {
    holds(anySquare, ({ a, base, exponent, floor, unit }) => {
      const n = base.shape[0];
      const tolerance = unit * frobenius(base) + floor;
      const { t, z } = schur(a);
      expect(z).toBeOrthonormal(unit);
      expect([z, shifted(t, -exponent), transpose(z)]).toReconstruct(base, tolerance);
      for (let i = 0; i < n; i++) for (let j = 0; j < i - 1; j++) expect(t.get(i, j)).toBe(0);
      const { re, im } = eig(a);
      let trace = 0;
      for (let i = 0; i < n; i++) trace += element(base, i, i);
      const sum = back(re, exponent).reduce((left, right) => left + right, 0);
      expect(Math.abs(sum - trace)).toBeLessThanOrEqual(tolerance);
      expect(Array.from(im).reduce((left, right) => left + right, 0)).toBe(0);
    });
  });

  test("if square, turns its eigenvectors by no more than their eigenvalues say", () => {
    holds(tameSquare, ({ a, base, exponent, floor, unit }) => {
      const { re, im, vectors } = eig(a);
      const [x, y] = [back(re, exponent), back(im, exponent)];
      const [u, v] = [vectors.re, vectors.im];
      const [ru, rv] = [times(base, u), times(base, v)];
      const tolerance = unit * frobenius(base) + floor;
      expect(frobenius(minus(ru, minus(scaleColumns(u, x), scaleColumns(v, y))))).toBeLessThanOrEqual(tolerance);
      const turned = minus(
        scaleColumns(v, x),
        scaleColumns(
          u,
          y.map((w) => -w),
        ),
      );
      expect(frobenius(minus(rv, turned))).toBeLessThanOrEqual(tolerance);
      re.forEach((_, j) => {
        const column = dense(2 * re.length, 1, (i) => element(i % 2 === 0 ? u : v, Math.floor(i / 2), j));
        expect(Math.abs(frobenius(column) - 1)).toBeLessThanOrEqual(unit);
      });
    });
  });

  test("if square and small, has an exponential with its root and its logarithm", () => {
    holds(
      size.chain((n) => strided(n, n, { dtype: "float64", element: ELEMENTS.real })),
      (view) => {
        const a = view as MatrixLike & View;
        const n = a.shape[0]!;
        // The imaginary parts of eigenvalues stay below a half.
        const small = dense(n, n, (i, j) => element(a, i, j) / (2 * Math.max(1, n)));
        const unit = 35 * Math.max(1, n) * ULP.float64;
        const e = expm(small);
        expect([e, expm(minus(dense(n, n), small))]).toReconstruct(identity(n), unit * Math.max(1, n));
        expect(logm(e)).toBeCloseMatrix(small, unit * Math.max(1, n));
        const half = expm(dense(n, n, (i, j) => element(small, i, j) / 2));
        expect(sqrtm(e)).toBeCloseMatrix(half, unit * Math.max(1, n));
      },
    );
  });
});
