import { NotConvergedError } from "../../errors.ts";
import { transposeInPlace, transposeInto } from "../../rows/transpose.ts";
import type { Engine } from "../engine.ts";
import type { Heap } from "../heap.ts";
import type { Lapack } from "../lapack.ts";
import { Staging } from "../wasm/staging.ts";
import { AS_IT_IS, type Blas, LEFT, LOWER, NON_UNIT, ROW_MAJOR, TRANSPOSED, UNIT, UPPER } from "./blas.ts";
import { declareFunctions, type Functions, run } from "./fortran.ts";

type Scratch = ReturnType<typeof scratchIn>;
type Finite = (x: Float64Array) => boolean;

/** Columns that LAPACK takes together; more scratch than that makes nothing faster. */
const BLOCK = 32;

/** LAPACK's functions in the library, on packed rows, which are its packed columns; undefined where the library has none. */
export function openLapack({ library, trsm }: Blas, engine: Engine): Lapack | undefined {
  const functions = declareFunctions(library);
  if (functions === undefined) return undefined;
  const finite = (x: Float64Array): boolean => Number.isFinite(engine.largest(x.length, x, 0));
  const scratch = scratchIn(engine.heap);
  return {
    ...reflectors(functions, scratch, finite),
    ...elimination(functions, trsm, scratch, finite),
    ...schurForms(functions, scratch, finite),
    ...spectra(functions, scratch, finite),
  };
}

/** Scratch in the heap that is kept for the next call. */
function scratchIn(heap: Heap) {
  const [reals, integers] = [new Staging(heap), new Staging(heap)];
  return {
    real: (length: number) => new Float64Array(heap.memory.buffer, reals.scratch(8 * length), length),
    integer: (length: number) => new Int32Array(heap.memory.buffer, integers.scratch(4 * length), length),
  };
}

function reflectors(
  { geqrf, orgqr }: Functions,
  { real }: Scratch,
  finite: Finite,
): Pick<Lapack, "factorRows" | "formRows"> {
  return {
    factorRows(m, n, x, tau) {
      const length = BLOCK * Math.max(1, m);
      run("dgeqrf", (info) => geqrf([n], [m], x, [Math.max(1, n)], tau, real(length), [length], info));
      // Numbers that are finite and scaled stay so, and a reflector that went wrong has a factor that is not finite.
      if (!finite(tau.subarray(0, Math.min(m, n)))) throw new Error("dgeqrf made NaN or an infinity of finite numbers");
    },
    formRows(k, p, n, x, tau) {
      const length = BLOCK * Math.max(1, p);
      run("dorgqr", (info) => orgqr([n], [p], [k], x, [Math.max(1, n)], tau, real(length), [length], info));
    },
  };
}

function elimination(
  { getrf2, potrf }: Functions,
  trsm: Blas["trsm"],
  { real }: Scratch,
  finite: Finite,
): Pick<Lapack, "factorLu" | "factorCholesky" | "solveTriangular"> {
  return {
    factorLu(m, n, a, pivots) {
      const columns = real(m * n);
      transposeInto(m, n, a, columns);
      run("dgetrf2", (info) => getrf2([m], [n], columns, [m], pivots, info));
      if (!finite(columns)) return false;
      for (let i = 0; i < Math.min(m, n); i++) pivots[i]!--;
      transposeInto(n, m, columns, a);
      return true;
    },
    factorCholesky(n, a) {
      // The lower triangle of rows is the upper one of columns.
      const info = run("dpotrf", (at) => potrf("U", [n], a, [n], at, 1));
      return info === 0 ? n : info - 1;
    },
    solveTriangular(n, t, { lower, transposed, unit }, m, x) {
      for (let i = 0; i < n && !unit; i++) if (!Number.isFinite(1 / t[i * n + i]!)) return false;
      const [triangle, op] = [lower ? LOWER : UPPER, transposed ? TRANSPOSED : AS_IT_IS];
      trsm(ROW_MAJOR, LEFT, triangle, op, unit ? UNIT : NON_UNIT, n, m, 1, t, n, x, Math.max(1, m));
      return true;
    },
  };
}

function schurForms(
  { gehrd, orghr, hseqr }: Functions,
  { real }: Scratch,
  finite: Finite,
): Pick<Lapack, "hessenberg" | "realSchur"> {
  /** Both matrices in columns: H, and Q unless it is not wanted; and scratch. */
  const reduced = (n: number, low: number, high: number, a: Float64Array, wanted: boolean) => {
    const length = BLOCK * n;
    const all = real(2 * n * n + 3 * n + length);
    const [h, q] = [all.subarray(0, n * n), all.subarray(n * n, 2 * n * n)];
    const [rest, tau] = [all.subarray(2 * n * n, 2 * n * n + 2 * n), all.subarray(2 * n * n + 2 * n)];
    const work = tau.subarray(n);
    // LAPACK counts from one, and takes one row at least.
    const first = Math.min(low + 1, n);
    const range = [[n], [first], [Math.max(first, high + 1)]] as const;
    transposeInto(n, n, a, h);
    run("dgehrd", (info) => gehrd(...range, h, [n], tau, work, [length], info));
    if (wanted) {
      q.set(h);
      run("dorghr", (info) => orghr(...range, q, [n], tau, work, [length], info));
    }
    // Below the first subdiagonal are the reflectors.
    for (let j = 0; j < n; j++) h.fill(0, j * n + Math.min(j + 2, n), (j + 1) * n);
    return { range, h, q, values: rest, work, length };
  };
  return {
    hessenberg(n, low, high, a, q) {
      const found = reduced(n, low, high, a, q !== undefined);
      transposeInto(n, n, found.h, a);
      if (q !== undefined) transposeInto(n, n, found.q, q);
    },
    realSchur(operation, n, low, high, a, z) {
      const { range, h, q, values, work, length } = reduced(n, low, high, a, z !== undefined);
      const [re, im] = [values.subarray(0, n), values.subarray(n)];
      const [job, vectors] = z === undefined ? ["E", "N"] : ["S", "V"];
      const info = run("dhseqr", (at) =>
        hseqr(job!, vectors!, ...range, h, [n], re, im, q, [n], work, [length], at, 1, 1),
      );
      if (info > 0 || !finite(values) || !finite(h)) throw new NotConvergedError(operation);
      if (z === undefined) {
        writeBlocks(n, re, im, a);
        return;
      }
      transposeInto(n, n, h, a);
      transposeInto(n, n, q, z);
    },
  };
}

/** The packed n × n matrix `t` ← diagonal blocks with the eigenvalues re + i im, conjugate pairs as neighbours. */
function writeBlocks(n: number, re: Float64Array, im: Float64Array, t: Float64Array): void {
  t.fill(0);
  for (let k = 0; k < n; k++) {
    t[k * n + k] = re[k]!;
    if (im[k]! <= 0) continue;
    t[k * n + k + 1] = im[k]!;
    t[(k + 1) * n + k] = -im[k]!;
  }
}

function spectra(
  { syevd, gesdd }: Functions,
  { real, integer }: Scratch,
  finite: Finite,
): Pick<Lapack, "symmetricEigen" | "svd"> {
  const check = (operation: string, info: number, ...results: Float64Array[]): void => {
    if (info > 0 || !results.every(finite)) throw new NotConvergedError(operation);
  };
  return {
    symmetricEigen(operation, n, a, values, vectors) {
      const [length, count] = [1 + (6 + BLOCK) * n + 2 * n * n, 3 + 5 * n];
      const scratch = [real(length), [length], integer(count), [count]] as const;
      const job = vectors === undefined ? "N" : "V";
      // Its lower triangle of columns is the upper one of rows.
      const info = run("dsyevd", (at) => syevd(job, "L", [n], a, [Math.max(1, n)], values, ...scratch, at, 1, 1));
      check(operation, info, values, ...(vectors === undefined ? [] : [a]));
      values.reverse();
      if (vectors === undefined) return;
      for (let i = 0; i < n; i++) vectors.set(a.subarray((n - 1 - i) * n, (n - i) * n), i * n);
    },
    svd(operation, n, m, x, s, vectors) {
      const job = vectors === undefined ? "N" : vectors.p > n ? "A" : "S";
      const [right, left] = [vectors?.right ?? null, vectors?.left ?? null];
      const call = (work: Float64Array, length: number): number => {
        const scratch = [work, [length], integer(8 * n)] as const;
        return run("dgesdd", (at) => gesdd(job, [m], [n], x, [m], s, right, [m], left, [n], ...scratch, at, 1));
      };
      const size = new Float64Array(1);
      call(size, -1); // says how much scratch it wants
      const info = call(real(size[0]!), size[0]!);
      check(operation, info, s, ...(vectors === undefined ? [] : [vectors.right, vectors.left]));
      if (vectors !== undefined) transposeInPlace(n, vectors.left);
    },
  };
}
