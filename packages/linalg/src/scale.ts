import { NonFiniteError } from "./errors.ts";
import type { MatrixLike, Real } from "./matrix.ts";

/**
 * Largest magnitude of `a`, or of its lower triangle. Reads every element once.
 * @throws {NonFiniteError} with the first NaN or infinity in row-major order.
 */
export function largest(operation: string, { data, shape, stride, offset }: MatrixLike, lower = false): number {
  const rows = shape[0]!;
  const cols = shape[1]!;
  const rowStride = stride[0]!;
  const colStride = stride[1]!;
  let most = 0;
  for (let i = 0; i < rows; i++) {
    let at = offset + i * rowStride;
    const end = lower ? Math.min(i + 1, cols) : cols;
    for (let j = 0; j < end; j++, at += colStride) {
      const value = data[at]!;
      // x - x is 0 for finite x and NaN for the rest.
      if (value - value !== 0) throw new NonFiniteError(operation, [i, j], value);
      const size = Math.abs(value);
      if (size > most) most = size;
    }
  }
  return most;
}

/**
 * The power of two 2ᵉ with 2ᵉ ≤ x < 2ᵉ⁺¹, by which a matrix is divided without rounding so that squares neither overflow nor vanish.
 * 1 for x = 0; between 2⁻¹⁰²² and 2¹⁰²², so that its reciprocal is finite and normal.
 */
export function powerOfTwo(x: number): number {
  if (x === 0) return 1;
  let e = Math.max(-1022, Math.min(1022, Math.floor(Math.log2(x))));
  if (2 ** e > x) e--;
  return 2 ** Math.max(-1022, e);
}

/** x ← alpha x. */
export function scaleBy(x: Real, alpha: number): void {
  if (alpha === 1) return;
  for (let i = 0; i < x.length; i++) x[i] = alpha * x[i]!;
}

/** out ← alpha times the elements of `a`, packed row-major, or those of aᵀ if `transposed`. Returns `out`. */
export function packScaled<D extends Real>(out: D, a: MatrixLike, alpha: number, transposed = false): D {
  const { data, offset } = a;
  const [outer, inner] = transposed ? [1, 0] : [0, 1];
  const rows = a.shape[outer]!;
  const cols = a.shape[inner]!;
  const rowStride = a.stride[outer]!;
  const colStride = a.stride[inner]!;
  for (let i = 0, to = 0; i < rows; i++) {
    for (let j = 0, at = offset + i * rowStride; j < cols; j++, at += colStride) out[to++] = alpha * data[at]!;
  }
  return out;
}
