/** Exports of the WebAssembly module (`assembly/index.ts`). Addresses are bytes; leading dimensions are elements; flags are 0 or 1. */
export interface Kernels {
  /** Bytes of scratch that one product needs. */
  gemmScratch32(m: number, n: number, k: number): number;
  gemmScratch64(m: number, n: number, k: number): number;
  gramScratch(n: number, k: number): number;
  gemm32: Gemm;
  gemm64: Gemm;
  gram32: Gram;
  gram64: Gram;
  axpby32: Axpby;
  axpby64: Axpby;
  dot32: Dot;
  dot64: Dot;
  convert3232: Convert;
  convert3264: Convert;
  convert6432: Convert;
  convert6464: Convert;
  largest32: Largest;
  largest64: Largest;
  squaredNorms(trans: boolean, m: number, n: number, a: number, lda: number, out: number): void;
  scaleLines(
    trans: boolean,
    m: number,
    n: number,
    factors: number,
    a: number,
    lda: number,
    out: number,
    ldo: number,
  ): void;
  jacobiSweep(
    k: number,
    n: number,
    tolerance: number,
    x: number,
    ldx: number,
    squares: number,
    m: number,
    z: number,
    ldz: number,
  ): number;
  jacobiEigenSweep(n: number, tolerance: number, a: number, lda: number, m: number, z: number, ldz: number): number;
  rankOneEigen(
    k: number,
    rho: number,
    d: number,
    z: number,
    place: number,
    values: number,
    vectors: number,
    scratch: number,
  ): void;
  reflect(m: number, n: number, tau: number, v: number, x: number, ldx: number): void;
  gemv(
    trans: boolean,
    m: number,
    n: number,
    alpha: number,
    a: number,
    lda: number,
    x: number,
    beta: number,
    y: number,
  ): void;
  qlSweep(first: number, last: number, d: number, e: number, z: number, m: number, ldz: number): number;
  updateMultiply(n: number, a: number, lda: number, v: number, w: number, x: number, y: number): void;
  adamw(
    n: number,
    w: number,
    g: number,
    m: number,
    v: number,
    lr: number,
    beta1: number,
    beta2: number,
    eps: number,
    decay: number,
    c1: number,
    c2: number,
  ): void;
}

export type Gemm = (
  transA: boolean,
  transB: boolean,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
  scratch: number,
) => void;
type Gram = (
  trans: boolean,
  n: number,
  k: number,
  a: number,
  lda: number,
  c: number,
  ldc: number,
  scratch: number,
) => void;
type Axpby = (n: number, alpha: number, x: number, beta: number, y: number) => void;
type Dot = (n: number, x: number, y: number) => number;
type Convert = (n: number, alpha: number, x: number, y: number) => void;
type Largest = (n: number, x: number) => number;
