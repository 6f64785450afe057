import type { LibraryHandle } from "koffi";
import { NotConvergedError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import type { Heap } from "../heap.ts";
import type { Lapack } from "../lapack.ts";
import { Staging } from "../wasm/staging.ts";

/** Arguments of a Fortran function: single numbers are passed by address, here as arrays of one. */
type Argument = string | readonly number[] | Float64Array | Int32Array | null | number;
type Fortran = (...args: Argument[]) => void;
type Functions = Readonly<Record<"geqrf" | "orgqr" | "syevd" | "gesdd", Fortran>>;
type Scratch = ReturnType<typeof scratchIn>;
type Finite = (x: Float64Array) => boolean;

/** Columns that LAPACK takes together; more scratch than that makes nothing faster. */
const BLOCK = 32;

/** LAPACK's functions in `library`, on packed rows, which are its packed columns; undefined where the library has none. */
export function openLapack(library: LibraryHandle, engine: Engine): Lapack | undefined {
  const functions = declare(library);
  if (functions === undefined) return undefined;
  const finite = (x: Float64Array): boolean => Number.isFinite(engine.largest(x.length, x, 0));
  const scratch = scratchIn(engine.heap);
  return { ...reflectors(functions, scratch, finite), ...spectra(functions, scratch, finite) };
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
      if (vectors !== undefined) transposeSquare(n, vectors.left);
    },
  };
}

function declare(library: LibraryHandle): Functions | undefined {
  const rest = "void *a, int *lda, void *tau, void *work, int *lwork, _Out_ int *info";
  try {
    return {
      geqrf: library.func(`void dgeqrf_(int *m, int *n, ${rest})`),
      orgqr: library.func(`void dorgqr_(int *m, int *n, int *k, ${rest})`),
      // Compilers of Fortran append the lengths of strings.
      syevd: library.func(
        "void dsyevd_(const char *job, const char *triangle, int *n, void *a, int *lda, void *w, void *work, int *lwork, " +
          "void *iwork, int *liwork, _Out_ int *info, size_t, size_t)",
      ),
      gesdd: library.func(
        "void dgesdd_(const char *job, int *m, int *n, void *a, int *lda, void *s, void *u, int *ldu, void *vt, int *ldvt, " +
          "void *work, int *lwork, void *iwork, _Out_ int *info, size_t)",
      ),
    };
  } catch {
    return undefined;
  }
}

/** The function's INFO: 0, or more if an iteration failed. @throws {Error} if it refused an argument, which is this package's fault. */
function run(name: string, call: (info: number[]) => void): number {
  const info = [0];
  call(info);
  if (info[0]! < 0) throw new Error(`${name} refused its argument ${-info[0]!}`);
  return info[0]!;
}

/** `a` ← aᵀ, n × n, in place. */
function transposeSquare(n: number, a: Float64Array): void {
  for (let i = 1; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = a[i * n + j]!;
      a[i * n + j] = a[j * n + i]!;
      a[j * n + i] = value;
    }
  }
}
