import type { LibraryHandle } from "koffi";
import { AS_IT_IS, type Blas, TRANSPOSED } from "../src/engine/native/blas.ts";
import { gemm } from "../src/engine/reference/gemm.ts";
import type { Real } from "../src/matrix/real.ts";

/** The arguments of a library's `gemm`, row-major. */
export interface GemmCall {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly alpha: number;
  readonly a: Real;
  readonly lda: number;
  readonly b: Real;
  readonly ldb: number;
  readonly beta: number;
  readonly c: Real;
  readonly ldc: number;
}

/** The arguments of a library's `syrk` for the lower triangle, row-major. */
export type SyrkCall = Pick<GemmCall, "n" | "k" | "alpha" | "a" | "lda" | "beta" | "c" | "ldc"> & {
  readonly trans: boolean;
};

/** What a correct `gemm` does. It throws where libraries differ: without elements or terms, for alpha = 0 and for beta = 0. */
export function multiply({ transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc }: GemmCall): void {
  if (m === 0 || n === 0 || k === 0 || alpha === 0 || beta === 0) throw new Error("a special case reached the library");
  gemm(transA, transB, m, n, k, alpha, a, 0, lda, b, 0, ldb, beta, c, 0, ldc);
}

/** What a correct `syrk` does: nothing above the diagonal is written. */
export function multiplyWithItself({ trans, n, k, a, lda, c, ldc, ...factors }: SyrkCall): void {
  const full = new Float64Array(n * n);
  for (let i = 0; i < n; i++) full.set(c.subarray(i * ldc, i * ldc + n), i * n);
  const operands = { transA: trans, a, lda, transB: !trans, b: a, ldb: lda };
  multiply({ ...operands, m: n, n, k, c: full, ldc: n, ...factors });
  for (let i = 0; i < n; i++) c.set(full.subarray(i * n, i * n + i + 1), i * ldc);
}

export interface PlainBlasOptions {
  readonly gemm?: (call: GemmCall) => void;
  readonly syrk?: (call: SyrkCall) => void;
}

/** A BLAS in TypeScript without LAPACK: a correct one, or one with faults. */
export function plainBlas({ gemm = multiply, syrk = multiplyWithItself }: PlainBlasOptions = {}): Blas {
  const cblasGemm: Blas["gemm"][4] = (_, opA, opB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) => {
    const [transA, transB] = [opA === TRANSPOSED, opB === TRANSPOSED];
    gemm({ transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc });
  };
  const library = {
    func: () => {
      throw new Error("no LAPACK here");
    },
  };
  return {
    name: "libplain.so",
    library: library as unknown as LibraryHandle,
    gemm: { 4: cblasGemm, 8: cblasGemm },
    syrk: (_, _triangle, op, n, k, alpha, a, lda, beta, c, ldc) =>
      syrk({ trans: op !== AS_IT_IS, n, k, alpha, a, lda, beta, c, ldc }),
    trsm: () => {
      throw new Error("no LAPACK here: nothing asks for it");
    },
  };
}
