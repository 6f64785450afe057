import { checkOptions, type OptionKinds } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import { dtype } from "./checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, newMatrix, type Vector } from "./matrix.ts";
import type { Real } from "./real.ts";
import { asMatrix } from "./vector.ts";

/** Options of the routines of one diagonal. */
export interface DiagonalOptions {
  /** Which diagonal: 0, the default, is the main one, positive ones lie above it, negative ones below. */
  readonly offset?: number;
}

const OPTIONS: OptionKinds<DiagonalOptions> = { offset: "number" };

/**
 * The square matrix with `values` on a diagonal, or a diagonal of a matrix as a new typed array.
 *
 * @param values - a typed array; a view of one dimension is neither and refused.
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} if the offset is not a whole number.
 *
 * @example
 * diag(Float64Array.of(1, 2)); // [[1, 0], [0, 2]]
 * diag(fromRows([[1, 2], [3, 4]]), { offset: 1 }); // [2]
 */
export function diag<D extends Real>(values: D, options?: DiagonalOptions): Matrix<D>;
export function diag<D extends Real>(a: MatrixLike<D>, options?: DiagonalOptions): Vector<D>;
export function diag<D extends Real>(a: D | MatrixLike<D>, options: DiagonalOptions = {}): Matrix<D> | Vector<D> {
  checkOptions("diag", options, OPTIONS);
  const offset = checkOffset("diag", options);
  if (ArrayBuffer.isView(a)) return withDiagonal(asMatrix("diag", a), offset);
  checkMatrix("diag", a);
  const { first, length, step } = diagonalOf(a, offset);
  const values = newMatrix("diag", length, 1, dtype(a)).data as Real as D;
  for (let i = 0; i < length; i++) values[i] = a.data[first + i * step]!;
  return values;
}

/**
 * Sum of a diagonal, in float64. NaN and infinities go through by IEEE rules.
 *
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} if the offset is not a whole number.
 *
 * @example
 * trace(fromRows([[1, 2], [3, 4]])); // 5
 */
export function trace(a: MatrixLike, options: DiagonalOptions = {}): number {
  checkMatrix("trace", a);
  checkOptions("trace", options, OPTIONS);
  const { first, length, step } = diagonalOf(a, checkOffset("trace", options));
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a.data[first + i * step]!;
  return sum;
}

/** The elements of `a` on and below a diagonal, zeros above it. @throws {ShapeError} @throws {DtypeError} @throws {OptionError} */
export function tril<D extends Real>(a: MatrixLike<D>, options: DiagonalOptions = {}): Matrix<D> {
  return part("tril", a, options, (i, j, offset) => j - i <= offset);
}

/** The elements of `a` on and above a diagonal, zeros below it. @throws {ShapeError} @throws {DtypeError} @throws {OptionError} */
export function triu<D extends Real>(a: MatrixLike<D>, options: DiagonalOptions = {}): Matrix<D> {
  return part("triu", a, options, (i, j, offset) => j - i >= offset);
}

/** The offset of a diagonal. @throws {OptionError} */
export function checkOffset(operation: string, { offset = 0 }: DiagonalOptions): number {
  if (!Number.isInteger(offset)) throw new OptionError(operation, `offset must be a whole number, got ${offset}`);
  return offset;
}

function withDiagonal<D extends Real>(column: MatrixLike<D>, offset: number): Matrix<D> {
  const { data } = column;
  const n = data.length + Math.abs(offset);
  const out = newMatrix("diag", n, n, dtype(column)) as Matrix as Matrix<D>;
  const { first, step } = diagonalOf(out, offset);
  for (let i = 0; i < data.length; i++) out.data[first + i * step] = data[i]!;
  return out;
}

/** Position of a diagonal in the storage of a matrix. */
function diagonalOf(
  { shape, stride, offset: start }: MatrixLike,
  offset: number,
): { first: number; length: number; step: number } {
  const [down, across] = [stride[0]!, stride[1]!];
  const [i, j] = [Math.max(0, -offset), Math.max(0, offset)];
  const length = Math.max(0, Math.min(shape[0]! - i, shape[1]! - j));
  return { first: start + i * down + j * across, length, step: down + across };
}

function part<D extends Real>(
  operation: string,
  a: MatrixLike<D>,
  options: DiagonalOptions,
  belongs: (i: number, j: number, offset: number) => boolean,
): Matrix<D> {
  checkMatrix(operation, a);
  checkOptions(operation, options, OPTIONS);
  const offset = checkOffset(operation, options);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const out = newMatrix(operation, m, n, dtype(a)) as Matrix as Matrix<D>;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      if (belongs(i, j, offset)) out.data[i * n + j] = a.data[a.offset + i * a.stride[0]! + j * a.stride[1]!]!;
    }
  }
  return out;
}
