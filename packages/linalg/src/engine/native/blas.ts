import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { UnsupportedError } from "../../errors.ts";
import type { Real } from "../../matrix/real.ts";

/** Functions of the CBLAS interface row-major; `gemm` in both dtypes, `float32` first. */
export interface Blas {
  /** The library's file name. */
  readonly name: string;
  readonly library: Koffi.LibraryHandle;
  readonly gemm: Readonly<Record<4 | 8, Gemm>>;
  /** float64 only. */
  readonly syrk: Syrk;
  /** float64 only. */
  readonly trsm: Trsm;
}

type Gemm = (
  layout: number,
  transA: number,
  transB: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: Real,
  lda: number,
  b: Real,
  ldb: number,
  beta: number,
  c: Real,
  ldc: number,
) => void;
type Syrk = (
  layout: number,
  triangle: number,
  trans: number,
  n: number,
  k: number,
  alpha: number,
  a: Real,
  lda: number,
  beta: number,
  c: Real,
  ldc: number,
) => void;
type Trsm = (
  layout: number,
  side: number,
  triangle: number,
  trans: number,
  diagonal: number,
  m: number,
  n: number,
  alpha: number,
  a: Real,
  lda: number,
  b: Real,
  ldb: number,
) => void;

// Enumeration values of the CBLAS interface.
export const ROW_MAJOR = 101;
export const AS_IT_IS = 111;
export const TRANSPOSED = 112;
export const UPPER = 121;
export const LOWER = 122;
export const NON_UNIT = 131;
export const UNIT = 132;
export const LEFT = 141;

/** File names of BLAS libraries with the CBLAS interface and 32-bit sizes. */
const LIBRARIES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ["libopenblas.so.0", "libopenblas.so", "libmkl_rt.so", "libblas.so.3", "libcblas.so.3"],
  darwin: ["/System/Library/Frameworks/Accelerate.framework/Accelerate", "libopenblas.dylib"],
  win32: ["libopenblas.dll", "openblas.dll", "mkl_rt.dll"],
};

/**
 * Loads the system's BLAS: the file named by the environment variable SUMO_BLAS, else the first known one that is there.
 *
 * @throws {UnsupportedError} without `koffi`, or without a library that has the functions; it says what was tried.
 */
export function loadBlas(): Blas {
  const koffi = requireKoffi();
  const chosen = process.env["SUMO_BLAS"];
  const names = chosen === undefined || chosen === "" ? (LIBRARIES[process.platform] ?? []) : [chosen];
  const failures: string[] = [];
  for (const name of names) {
    try {
      return open(koffi, name);
    } catch (error) {
      failures.push(`${name} (${error instanceof Error ? error.message : error})`);
    }
  }
  const hint = "install one (Debian: apt-get install libopenblas0) or name its file in SUMO_BLAS";
  throw new UnsupportedError(
    "createNativeEngine",
    `found no BLAS; ${hint}. Tried: ${failures.join("; ") || "nothing"}`,
  );
}

function requireKoffi(): typeof Koffi {
  try {
    return createRequire(import.meta.url)("koffi") as typeof Koffi;
  } catch (cause) {
    throw new UnsupportedError(
      "createNativeEngine",
      "expected the package koffi, which loads the library; install it",
      {
        cause,
      },
    );
  }
}

function open(koffi: typeof Koffi, name: string): Blas {
  const library = koffi.load(name);
  const gemm = (symbol: string, real: string): Gemm =>
    library.func(
      `void ${symbol}(int, int, int, int, int, int, ${real}, const void *, int, const void *, int, ${real}, void *, int)`,
    );
  const syrk: Syrk = library.func(
    "void cblas_dsyrk(int, int, int, int, int, double, const void *, int, double, void *, int)",
  );
  const trsm: Trsm = library.func(
    "void cblas_dtrsm(int, int, int, int, int, int, int, double, const void *, int, void *, int)",
  );
  return { name, library, syrk, trsm, gemm: { 4: gemm("cblas_sgemm", "float"), 8: gemm("cblas_dgemm", "double") } };
}
