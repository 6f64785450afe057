export type Real = Float32Array | Float64Array;
export type Dtype = "float32" | "float64";

/** The part of `@sumo/linalg`'s `Engine` that the suite tests: the kernels that each engine implements, and its heap. */
export interface EngineUnderTest {
  readonly heap: {
    float32(length: number): Float32Array;
    float64(length: number): Float64Array;
    int32(length: number): Int32Array;
    release(array: ArrayBufferView): void;
  };
  gemm(
    ...args: [
      ...[transA: boolean, transB: boolean, m: number, n: number, k: number, alpha: number],
      ...[a: Real, aOffset: number, lda: number, b: Real, bOffset: number, ldb: number],
      ...[beta: number, c: Real, cOffset: number, ldc: number],
    ]
  ): void;
  gram(
    ...args: [
      ...[trans: boolean, n: number, k: number, a: Real, aOffset: number, lda: number],
      ...[c: Float64Array, cOffset: number, ldc: number],
    ]
  ): void;
  axpby(n: number, alpha: number, x: Real, xOffset: number, beta: number, y: Real, yOffset: number): void;
  convert(n: number, alpha: number, x: Real, xOffset: number, y: Real, yOffset: number): void;
  largest(n: number, x: Real, xOffset: number): number;
  reflect(
    ...args: [
      ...[m: number, n: number, tau: number, v: Float64Array, vOffset: number],
      ...[x: Float64Array, xOffset: number, ldx: number],
    ]
  ): void;
  gemv(
    ...args: [
      ...[trans: boolean, m: number, n: number, alpha: number, a: Float64Array, aOffset: number, lda: number],
      ...[x: Float64Array, xOffset: number, beta: number, y: Float64Array, yOffset: number],
    ]
  ): void;
  updateMultiply(
    ...args: [
      ...[n: number, a: Float64Array, aOffset: number, lda: number],
      ...[v: Float64Array, w: Float64Array, x: Float64Array, y: Float64Array, offset: number],
    ]
  ): void;
  qlSweep(
    ...args: [
      ...[first: number, last: number, d: Float64Array, e: Float64Array],
      ...[z: Float64Array, column: number, m: number, ldz: number],
    ]
  ): number;
  rankOneEigen(
    ...args: [
      ...[k: number, rho: number, d: Float64Array, z: Float64Array, place: Int32Array],
      ...[values: Float64Array, vectors: Float64Array, scratch: Float64Array],
    ]
  ): void;
  jacobiSweep(
    ...args: [
      ...[k: number, n: number, tolerance: number, x: Float64Array, xOffset: number, ldx: number],
      ...[squares: Float64Array, m: number, z: Float64Array, zOffset: number, ldz: number],
    ]
  ): number;
  jacobiEigenSweep(
    ...args: [
      ...[n: number, tolerance: number, a: Float64Array, aOffset: number, lda: number],
      ...[m: number, z: Float64Array, zOffset: number, ldz: number],
    ]
  ): number;
  squaredNorms(
    ...args: [
      ...[trans: boolean, m: number, n: number, a: Float32Array, aOffset: number, lda: number],
      ...[out: Float64Array],
    ]
  ): void;
  scaleLines(
    ...args: [
      ...[trans: boolean, m: number, n: number, factors: Float64Array],
      ...[a: Float32Array, aOffset: number, lda: number, out: Float32Array, outOffset: number, ldo: number],
    ]
  ): void;
  dot(n: number, x: Real, xOffset: number, y: Real, yOffset: number): number;
  adamw(
    ...args: [
      ...[n: number, w: Float32Array, wOffset: number, g: Float32Array, gOffset: number],
      ...[m: Float32Array, mOffset: number, v: Float32Array, vOffset: number],
      ...[lr: number, beta1: number, beta2: number, eps: number, decay: number, c1: number, c2: number],
    ]
  ): void;
}

/** Largest relative error of one rounding. */
export const unitRoundoff = (dtype: Dtype): number => (dtype === "float32" ? 2 ** -24 : 2 ** -53);
