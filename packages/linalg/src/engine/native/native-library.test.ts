import { describeEngine } from "@sumo/testing";
import { expect, test, vi } from "vitest";
import {
  type GemmCall,
  multiply,
  multiplyWithItself,
  type PlainBlasOptions,
  plainBlas,
} from "../../../test/plain-blas.ts";
import { hessenbergForm, realSchur, realSchurWorkspace } from "../../eig/real-schur.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "../../eigh/symmetric-eigen.ts";
import { UnsupportedError } from "../../errors.ts";
import { Workspace } from "../../memory/workspace.ts";
import { factorRows, formRows, householderWorkspace } from "../../qr/householder.ts";
import { transposeInPlace } from "../../rows/transpose.ts";
import { factorLu } from "../../solve/lu.ts";
import { factorCholesky, solveTriangle } from "../../solve/triangular.ts";
import { rowSvd, rowSvdWorkspace } from "../../svd/row-svd.ts";
import type { Lapack } from "../lapack.ts";
import { createReferenceEngine } from "../reference/reference-engine.ts";
import { createAutoEngine } from "./auto-engine.ts";
import type { Blas } from "./blas.ts";
import { brokenClause, type LibraryKernels } from "./clause.ts";
import { lapackClauses } from "./lapack-clauses.ts";
import { engineOn } from "./native-engine.ts";
import { productClauses } from "./product-clauses.ts";

const heap = { bytes: 2 ** 26 };
const loadBlas = vi.hoisted(() => vi.fn<() => Blas>());
vi.mock("./blas.ts", async (original) => ({ ...(await original<typeof import("./blas.ts")>()), loadBlas }));

// The library in TypeScript throws where a special case reaches it, so the suite proves that none does.
describeEngine("native on a library in TypeScript", () => engineOn(plainBlas(), heap));

const withoutNaN = (x: number): number => (Number.isNaN(x) ? 0 : x);
/** The relative distance from a number to the next. */
const ulp = ({ c }: GemmCall): number => (c.BYTES_PER_ELEMENT === 4 ? 2 ** -23 : 2 ** -52);
/** A `gemm` that is right, and then changes something. */
const spoiling =
  (change: (call: GemmCall, last: number) => void): ((call: GemmCall) => void) =>
  (call) => {
    multiply(call);
    change(call, (call.m - 1) * call.ldc + call.n - 1);
  };

const [ACCURATE, CARRIES, SAME_BITS, GRAM_ACCURATE, GRAM_CARRIES] = productClauses.map(({ text }) => text);
const faults: readonly (readonly [fault: string, clause: string | undefined, PlainBlasOptions])[] = [
  [
    "multiplies in 8 bits",
    ACCURATE,
    { gemm: (call) => multiply({ ...call, a: call.a.map((x) => Math.round(128 * x) / 128) }) },
  ],
  ["ignores alpha", ACCURATE, { gemm: (call) => multiply({ ...call, alpha: 1 }) }],
  ["ignores beta", ACCURATE, { gemm: (call) => multiply({ ...call, beta: 1 }) }],
  [
    "is wrong for large products",
    ACCURATE,
    {
      gemm: spoiling(({ m, n, k, c }, last) => {
        if (m * n * k > 1e6) c[last]! += 1;
      }),
    },
  ],
  [
    "writes past the last row",
    ACCURATE,
    {
      gemm: spoiling(({ c }, last) => {
        c[last + 1] = 0;
      }),
    },
  ],
  [
    "writes an operand",
    ACCURATE,
    {
      gemm: spoiling(({ b }) => {
        b[0] = 2;
      }),
    },
  ],
  ["takes NaN for zero", CARRIES, { gemm: (call) => multiply({ ...call, a: call.a.map(withoutNaN) }) }],
  [
    "spreads NaN",
    CARRIES,
    {
      gemm: spoiling(({ a, c }) => {
        if (a.some(Number.isNaN)) c.fill(Number.NaN);
      }),
    },
  ],
  [
    "rounds by the address",
    SAME_BITS,
    {
      gemm: spoiling((call, last) => {
        if (call.c.byteOffset > 0) call.c[last]! *= 1 + ulp(call);
      }),
    },
  ],
  [
    "forgets a term of a Gram matrix",
    GRAM_ACCURATE,
    { syrk: (call) => multiplyWithItself({ ...call, k: call.k - 1 }) },
  ],
  [
    "takes NaN for zero in a Gram matrix",
    GRAM_CARRIES,
    { syrk: (call) => multiplyWithItself({ ...call, a: call.a.map(withoutNaN) }) },
  ],
];

test.each(faults)("a library that %s is refused by name and clause", (_, clause, functions) => {
  expect(() => engineOn(plainBlas(functions), heap)).toThrow(UnsupportedError);
  expect(() => engineOn(plainBlas(functions), heap)).toThrow(`libplain.so breaks "${clause}"`);
});

test("a library that fails is refused with what it said", () => {
  const gemm = () => {
    throw new Error("out of registers");
  };
  expect(() => engineOn(plainBlas({ gemm }), heap)).toThrow(`libplain.so breaks "${ACCURATE}" (out of registers)`);
});

test("the automatic choice is the wasm engine where the library is refused, and says why", () => {
  const announce = vi.fn();
  loadBlas.mockReturnValueOnce(plainBlas({ gemm: (call) => multiply({ ...call, beta: 1 }) }));
  expect(createAutoEngine({ heap, announce }).name).toBe("wasm");
  const reason = expect.stringMatching(/^engine wasm, because .* libplain\.so breaks "gemm is accurate/);
  expect(announce).toHaveBeenCalledExactlyOnceWith(reason);
});

const engine = createReferenceEngine(heap);

/** This package's own factorizations, in the order of arguments of {@link Lapack}. */
const own: Lapack = {
  factorRows: (m, n, x, tau) => factorRows(m, n, x, tau, new Workspace(engine, householderWorkspace(m, n))),
  formRows: (k, p, n, x, tau) => formRows(k, p, n, x, tau, new Workspace(engine, householderWorkspace(p, n))),
  factorLu(m, n, a, pivots) {
    factorLu(n, a, pivots, new Workspace(engine, 0), m);
    return true;
  },
  factorCholesky: (n, a) => factorCholesky(n, a, new Workspace(engine, 0)),
  solveTriangular(n, t, triangle, m, x) {
    solveTriangle(n, t, triangle, m, x, new Workspace(engine, 0));
    return true;
  },
  hessenberg: (n, low, high, a, q) => hessenbergForm(n, low, high, a, q, new Workspace(engine, realSchurWorkspace(n))),
  realSchur: (operation, n, low, high, a, z) =>
    realSchur(operation, n, low, high, a, z, new Workspace(engine, realSchurWorkspace(n))),
  symmetricEigen: (operation, n, a, values, vectors) =>
    symmetricEigen(operation, n, a, values, vectors, new Workspace(engine, symmetricEigenWorkspace(n))),
  svd(operation, n, m, x, s, vectors) {
    const { p = n, ...rows } = vectors ?? {};
    const long = new Float64Array(p * m);
    long.set(x.subarray(0, n * m));
    rowSvd(operation, n, m, long, { s, ...rows }, p, new Workspace(engine, rowSvdWorkspace(n, m, p)));
  },
};

const [FACTORS, LU, CHOLESKY, SOLVES, SCHUR, EIGEN, SVD] = lapackClauses.map(({ text }) => text);
const lapackFaults: readonly (readonly [fault: string, clause: string | undefined, Partial<Lapack>])[] = [
  [
    "has reflectors of another sign",
    FACTORS,
    {
      formRows: (k, p, n, x, tau) =>
        own.formRows(
          k,
          p,
          n,
          x,
          tau.map((t) => -t),
        ),
    },
  ],
  ["forgets the complement", FACTORS, { formRows: (k, _p, n, x, tau) => own.formRows(k, k, n, x, tau) }],
  ["does nothing", FACTORS, { factorRows: () => {}, formRows: () => {} }],
  [
    "counts pivots from one",
    LU,
    {
      factorLu(m, n, a, pivots) {
        own.factorLu(m, n, a, pivots);
        for (let i = 0; i < pivots.length; i++) pivots[i]!++;
        return true;
      },
    },
  ],
  ["exchanges nothing", LU, { factorLu: (m, n, a, pivots) => own.factorLu(m, n, a, pivots) && !!pivots.fill(0) }],
  ["reads the other triangle", CHOLESKY, { factorCholesky: (n, a) => own.factorCholesky(n, mirrored(n, a)) }],
  ["takes every matrix for definite", CHOLESKY, { factorCholesky: (n, a) => own.factorCholesky(n, a) && n }],
  [
    "takes no diagonal for ones",
    SOLVES,
    {
      solveTriangular: (n, t, triangle, m, x) => own.solveTriangular(n, t, { ...triangle, unit: false }, m, x),
    },
  ],
  [
    "leaves reflectors below H",
    SCHUR,
    {
      hessenberg: (n, low, high, a, q) => {
        own.hessenberg(n, low, high, a, q);
        a[(n - 1) * n] = 1;
      },
    },
  ],
  ["has no T without Z", SCHUR, { realSchur: (...args) => args[5] && own.realSchur(...args) }],
  [
    "transposes Z",
    SCHUR,
    {
      realSchur: (...args) => {
        own.realSchur(...args);
        args[5]?.reverse();
      },
    },
  ],
  [
    "sorts eigenvalues ascending",
    EIGEN,
    {
      symmetricEigen: (...args) => {
        own.symmetricEigen(...args);
        args[3].reverse();
      },
    },
  ],
  [
    "leaves vectors alone",
    EIGEN,
    { symmetricEigen: (operation, n, a, values) => own.symmetricEigen(operation, n, a, values, undefined) },
  ],
  [
    "transposes left vectors",
    SVD,
    {
      svd: (operation, n, m, x, s, vectors) => {
        own.svd(operation, n, m, x, s, vectors);
        vectors?.left.reverse();
      },
    },
  ],
  [
    "has other values without vectors",
    SVD,
    {
      svd: (operation, n, m, x, s, vectors) => {
        own.svd(operation, n, m, x, s, vectors);
        if (vectors === undefined) s[0]! *= 2;
      },
    },
  ],
];

function mirrored(n: number, a: Float64Array): Float64Array {
  transposeInPlace(n, a);
  return a;
}

const check = (lapack: Lapack | undefined): string | undefined =>
  brokenClause(lapackClauses, {
    gemm: engine.gemm,
    gram: engine.gram,
    ...(lapack && { lapack }),
  } satisfies LibraryKernels);

test.each(lapackFaults)("LAPACK that %s breaks its clause", (_, clause, functions) => {
  expect(check({ ...own, ...functions })).toBe(`"${clause}"`);
});

test("correct factorizations keep every clause, and so does a library without LAPACK", () => {
  expect(check(own)).toBeUndefined();
  expect(check(undefined)).toBeUndefined();
});
