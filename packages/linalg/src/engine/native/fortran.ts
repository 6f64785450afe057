import type { LibraryHandle } from "koffi";

/** Arguments of a Fortran function: single numbers are passed by address, here as arrays of one. */
type Argument = string | readonly number[] | Float64Array | Int32Array | null | number;
type Fortran = (...args: Argument[]) => void;
/** The functions of LAPACK that this package calls, float64. */
export type Functions = Readonly<
  Record<"geqrf" | "orgqr" | "getrf2" | "potrf" | "gehrd" | "orghr" | "hseqr" | "syevd" | "gesdd", Fortran>
>;

/** LAPACK's functions in a library; undefined if it lacks one. */
export function declareFunctions(library: LibraryHandle): Functions | undefined {
  const rest = "void *a, int *lda, void *tau, void *work, int *lwork, _Out_ int *info";
  try {
    return {
      geqrf: library.func(`void dgeqrf_(int *m, int *n, ${rest})`),
      orgqr: library.func(`void dorgqr_(int *m, int *n, int *k, ${rest})`),
      // Not dgetrf: OpenBLAS's on several threads needs more stack than callers from here have (0.3.21: 0.3 MB for each halving of n).
      getrf2: library.func("void dgetrf2_(int *m, int *n, void *a, int *lda, void *ipiv, _Out_ int *info)"),
      gehrd: library.func(`void dgehrd_(int *n, int *ilo, int *ihi, ${rest})`),
      orghr: library.func(`void dorghr_(int *n, int *ilo, int *ihi, ${rest})`),
      // Compilers of Fortran append the lengths of strings.
      potrf: library.func("void dpotrf_(const char *triangle, int *n, void *a, int *lda, _Out_ int *info, size_t)"),
      hseqr: library.func(
        "void dhseqr_(const char *job, const char *compz, int *n, int *ilo, int *ihi, void *h, int *ldh, void *wr, void *wi, void *z, " +
          "int *ldz, void *work, int *lwork, _Out_ int *info, size_t, size_t)",
      ),
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
export function run(name: string, call: (info: number[]) => void): number {
  const info = [0];
  call(info);
  if (info[0]! < 0) throw new Error(`${name} refused its argument ${-info[0]!}`);
  return info[0]!;
}
