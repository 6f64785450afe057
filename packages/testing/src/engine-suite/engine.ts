export type Real = Float32Array | Float64Array;
export type Dtype = "float32" | "float64";

/** What the suite needs of an engine: the kernels of `Engine` in `@sumo/linalg` that every engine writes for itself, and its heap. */
export interface EngineUnderTest {
  readonly heap: {
    float32(length: number): Float32Array;
    float64(length: number): Float64Array;
    release(array: Real): void;
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
