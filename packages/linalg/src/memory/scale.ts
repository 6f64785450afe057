import { currentEngine } from "../engine/current.ts";
import type { Engine } from "../engine/engine.ts";
import { NonFiniteError, OverflowError } from "../errors.ts";
import type { MatrixLike } from "../matrix/matrix.ts";
import { dtypeOf, type Real } from "../matrix/real.ts";

/** A tile of two float64 operands stays in the first-level cache. */
const TILE = 16;

/**
 * Largest magnitude of `a`. Reads every element once.
 * @throws {NonFiniteError} with the first NaN or infinity in row-major order.
 */
export function largest(operation: string, a: MatrixLike, engine: Engine = currentEngine()): number {
  const { data, offset } = a;
  const [rows, cols] = [a.shape[0]!, a.shape[1]!];
  if (!isPacked(a)) return search(operation, a, "all");
  const most = engine.largest(rows * cols, data, offset);
  return Number.isFinite(most) ? most : search(operation, a, "all");
}

/** The same for a triangle, the lower one by default. @throws {NonFiniteError} */
export const largestOfTriangle = (operation: string, a: MatrixLike, triangle: "lower" | "upper" = "lower"): number =>
  search(operation, a, triangle);

function search(
  operation: string,
  { data, shape, stride, offset }: MatrixLike,
  part: "all" | "lower" | "upper",
): number {
  const rows = shape[0]!;
  const cols = shape[1]!;
  const rowStride = stride[0]!;
  const colStride = stride[1]!;
  let most = 0;
  for (let i = 0; i < rows; i++) {
    const first = part === "upper" ? i : 0;
    const end = part === "lower" ? Math.min(i + 1, cols) : cols;
    let at = offset + i * rowStride + first * colStride;
    for (let j = first; j < end; j++, at += colStride) {
      const value = data[at]!;
      // x - x is 0 for finite x and NaN for the rest.
      if (value - value !== 0) throw new NonFiniteError(operation, [i, j], value);
      const size = Math.abs(value);
      if (size > most) most = size;
    }
  }
  return most;
}

/** Whether the elements lie row after row without gaps. */
export function isPacked({ shape, stride }: MatrixLike): boolean {
  const [rows, cols] = [shape[0]!, shape[1]!];
  return rows === 0 || cols === 0 || ((cols === 1 || stride[1] === 1) && (rows === 1 || stride[0] === cols));
}

/**
 * The power of two 2ᵉ with 2ᵉ ≤ x < 2ᵉ⁺¹, by which a matrix is divided without rounding so that squares neither overflow nor vanish.
 * 1 for x = 0; between 2⁻¹⁰²² and 2¹⁰²², so that its reciprocal is finite and normal.
 */
export function powerOfTwo(x: number): number {
  if (x === 0) return 1;
  bits.number[0] = x;
  bits.words[HIGH]! &= 0x7ff00000; // the exponent alone; none is left of a subnormal number
  bits.words[1 - HIGH] = 0;
  return Math.max(2 ** -1022, Math.min(2 ** 1022, bits.number[0]!));
}

/** The bits of a float64 as two words, to read the exponent of a number in a fraction of the time of a logarithm. */
const bits = ((number) => ({ number, words: new Uint32Array(number.buffer) }))(new Float64Array(1));
/** Index of the word with sign and exponent. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0]!;

/** The exponent e with 2ᵉ ≤ |x| < 2ᵉ⁺¹ of a finite x other than 0. */
export function exponentOf(x: number): number {
  const size = Math.abs(x);
  // Subnormal numbers have no power of two below them whose reciprocal is finite.
  if (size < 2 ** -1022) return exponentOf(size * 2 ** 100) - 100;
  const e = Math.min(1023, Math.floor(Math.log2(size)));
  return 2 ** e > size ? e - 1 : e;
}

/** x 2ᵉ with one rounding at most where the result is normal. */
export function timesPowerOfTwo(x: number, e: number): number {
  let [value, left] = [x, e];
  for (; left > 1000; left -= 1000) value *= 2 ** 1000;
  for (; left < -1000; left += 1000) value *= 2 ** -1000;
  return value * 2 ** left;
}

/** x ← alpha x. */
export function scaleBy(x: Real, alpha: number): void {
  if (alpha === 1) return;
  for (let i = 0; i < x.length; i++) x[i] = alpha * x[i]!;
}

/** Row i of the packed matrix `x` with rows of length n ← itself times 2ᵉ. */
export function shiftRow(x: Float64Array, i: number, n: number, e: number): void {
  if (e === 0) return;
  const row = x.subarray(i * n, (i + 1) * n);
  if (Math.abs(e) <= 1022) scaleBy(row, 2 ** e);
  else for (let j = 0; j < n; j++) row[j] = timesPowerOfTwo(row[j]!, e);
}

/** out ← alpha times the elements of `a`, packed row-major, or those of aᵀ if `transposed`. Returns `out`. */
export function packScaled<D extends Real>(
  engine: Engine,
  out: D,
  a: MatrixLike,
  alpha: number,
  transposed = false,
): D {
  const { data, offset } = a;
  if (!transposed && isPacked(a)) {
    engine.convert(a.shape[0]! * a.shape[1]!, alpha, data, offset, out, 0);
    return out;
  }
  const [outer, inner] = transposed ? [1, 0] : [0, 1];
  const rows = a.shape[outer]!;
  const cols = a.shape[inner]!;
  const rowStride = a.stride[outer]!;
  const colStride = a.stride[inner]!;
  // In tiles, so that neither side strides through memory for long.
  for (let i0 = 0; i0 < rows; i0 += TILE) {
    const iEnd = Math.min(i0 + TILE, rows);
    for (let j0 = 0; j0 < cols; j0 += TILE) {
      const jEnd = Math.min(j0 + TILE, cols);
      for (let i = i0; i < iEnd; i++) {
        let at = offset + i * rowStride + j0 * colStride;
        for (let j = j0; j < jEnd; j++, at += colStride) out[i * cols + j] = alpha * data[at]!;
      }
    }
  }
  return out;
}

/** out ← alpha times packed row-major `values`, through the strides of `out`, cast to its type. */
export function unpackScaled(engine: Engine, out: MatrixLike, values: Real, alpha: number): void {
  const { data, offset } = out;
  const [rows, cols] = [out.shape[0]!, out.shape[1]!];
  if (isPacked(out)) {
    engine.convert(rows * cols, alpha, values, 0, data, offset);
    return;
  }
  const [rowStride, colStride] = [out.stride[0]!, out.stride[1]!];
  for (let i0 = 0; i0 < rows; i0 += TILE) {
    const iEnd = Math.min(i0 + TILE, rows);
    for (let j0 = 0; j0 < cols; j0 += TILE) {
      const jEnd = Math.min(j0 + TILE, cols);
      for (let i = i0; i < iEnd; i++) {
        let at = offset + i * rowStride + j0 * colStride;
        for (let j = j0; j < jEnd; j++, at += colStride) data[at] = alpha * values[i * cols + j]!;
      }
    }
  }
}

/** out ← alpha times `values`, cast. @throws {OverflowError} before anything is written. */
export function writeScaled(operation: string, out: Real, values: Real, alpha: number): void {
  checkRange(operation, largestOf(values), alpha, out);
  for (let i = 0; i < values.length; i++) out[i] = alpha * values[i]!;
}

/** NaN if an element is. */
function largestOf(values: Real): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/** Refuses a result with elements up to alpha · most that leaves the range of the dtype of `out`. @throws {OverflowError} */
export function checkRange(operation: string, most: number, alpha: number, out: Real): void {
  const result = alpha * most;
  const type = dtypeOf(out);
  if (Number.isFinite(type === "float32" ? Math.fround(result) : result)) return;
  throw new OverflowError(operation, `the result holds numbers outside the range of ${type}`);
}
