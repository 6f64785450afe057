import { DtypeError, ShapeError } from "./errors.ts";
import { checkMatrix, type Dtype, dtypeOf, type MatrixLike, type Real } from "./matrix.ts";

/** Element type of a matrix that passed {@link checkMatrix}. */
export const dtype = (a: MatrixLike): Dtype => dtypeOf(a.data)!;

/** Checks `a` and that it is `rows × cols`. @throws {ShapeError} @throws {DtypeError} */
export function checkShape(operation: string, name: string, a: MatrixLike, rows: number, cols: number): void {
  checkMatrix(operation, a);
  if (a.shape[0] !== rows || a.shape[1] !== cols) {
    throw new ShapeError(operation, `expected ${name} [${rows}, ${cols}], got [${a.shape[0]}, ${a.shape[1]}]`);
  }
}

/** Checks that `a` is a square matrix and returns its order. @throws {ShapeError} @throws {DtypeError} */
export function checkSquare(operation: string, a: MatrixLike): number {
  checkMatrix(operation, a);
  const n = a.shape[0]!;
  if (a.shape[1] !== n) throw new ShapeError(operation, `expected a square matrix, got [${n}, ${a.shape[1]}]`);
  return n;
}

/** Checks an output: like {@link checkShape}, and no two elements share their storage. */
export function checkOutput(operation: string, name: string, a: MatrixLike, rows: number, cols: number): void {
  checkShape(operation, name, a, rows, cols);
  const down = Math.abs(a.stride[0]!);
  const across = Math.abs(a.stride[1]!);
  // Elements (i, j) and (i + across / g, j - down / g) are one, with g the greatest common divisor; two zero strides have g = 0.
  const g = Math.max(1, greatestCommonDivisor(down, across));
  const stays = (stride: number, length: number): boolean => stride / g < length;
  if (rows * cols > 1 && stays(across, rows) && stays(down, cols)) {
    throw new ShapeError(
      operation,
      `expected ${name} with elements apart, got strides [${a.stride[0]}, ${a.stride[1]}]`,
    );
  }
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/**
 * Whether writing to `out` may change `a`: their elements share memory, or lie in one stretch of it and are not told apart.
 * Blocks of one row-major matrix are told apart.
 */
export function mayOverlap(out: MatrixLike, a: MatrixLike): boolean {
  if (out.data.buffer !== a.data.buffer || isEmpty(out) || isEmpty(a)) return false;
  const [outFirst, outEnd] = byteRange(out);
  const [first, end] = byteRange(a);
  if (outEnd <= first || end <= outFirst) return false;
  const ld = out.stride[0]! * out.data.BYTES_PER_ELEMENT;
  const severalRows = out.shape[0]! > 1 && a.shape[0]! > 1;
  const oneLayout = severalRows && isRowMajor(out) && isRowMajor(a) && ld === a.stride[0]! * a.data.BYTES_PER_ELEMENT;
  if (!oneLayout) return true;
  const shift = (((first - outFirst) % ld) + ld) % ld;
  const outWidth = out.shape[1]! * out.data.BYTES_PER_ELEMENT;
  return shift < outWidth || shift + a.shape[1]! * a.data.BYTES_PER_ELEMENT > ld;
}

const isEmpty = (a: MatrixLike): boolean => a.shape[0] === 0 || a.shape[1] === 0;

/** Where the first byte lies in the buffer, and where the bytes after the last begin. */
function byteRange({ data, shape, stride, offset }: MatrixLike): [first: number, end: number] {
  const down = (shape[0]! - 1) * stride[0]!;
  const across = (shape[1]! - 1) * stride[1]!;
  const first = offset + Math.min(0, down) + Math.min(0, across);
  const last = offset + Math.max(0, down) + Math.max(0, across);
  return [data.byteOffset + first * data.BYTES_PER_ELEMENT, data.byteOffset + (last + 1) * data.BYTES_PER_ELEMENT];
}

/** @throws {DtypeError} unless both have the same element type. */
export function checkSameDtype(operation: string, a: Real, b: Real): void {
  if (dtypeOf(a) !== dtypeOf(b)) {
    throw new DtypeError(operation, `expected operands of one dtype, got ${dtypeOf(a)} and ${dtypeOf(b)}`);
  }
}

/** Whether rows are contiguous and apart, so that a kernel takes `a` as it is, with leading dimension {@link leading}. */
export function isRowMajor(a: MatrixLike): boolean {
  const rows = a.shape[0]!;
  const cols = a.shape[1]!;
  return (cols <= 1 || a.stride[1] === 1) && (rows <= 1 || a.stride[0]! >= Math.max(1, cols));
}

/** Leading dimension of a row-major matrix; that of a single row is not in its stride. */
export const leading = (a: MatrixLike): number => (a.shape[0]! > 1 ? a.stride[0]! : Math.max(1, a.shape[1]!));

/** Whether `a` is the transposed view of a row-major matrix, with leading dimension {@link columnLeading}. */
export function isColumnMajor(a: MatrixLike): boolean {
  const rows = a.shape[0]!;
  const cols = a.shape[1]!;
  return (rows <= 1 || a.stride[0] === 1) && (cols <= 1 || a.stride[1]! >= Math.max(1, rows));
}

/** Leading dimension of a column-major matrix. */
export const columnLeading = (a: MatrixLike): number => (a.shape[1]! > 1 ? a.stride[1]! : Math.max(1, a.shape[0]!));

/** out ← the elements of `a`, packed row-major, cast to the type of `out`. Returns `out`. */
export function pack<D extends Real>(out: D, a: MatrixLike): D {
  const { data, offset } = a;
  const rows = a.shape[0]!;
  const cols = a.shape[1]!;
  const rowStride = a.stride[0]!;
  const colStride = a.stride[1]!;
  if (colStride === 1 && (rowStride === cols || rows === 1)) {
    out.set(data.subarray(offset, offset + rows * cols));
    return out;
  }
  for (let i = 0, to = 0; i < rows; i++) {
    for (let j = 0, at = offset + i * rowStride; j < cols; j++, at += colStride) out[to++] = data[at]!;
  }
  return out;
}

/** out ← packed row-major `values`, through the strides of `out` and cast to its type. */
export function unpack(out: MatrixLike, values: Real): void {
  const { data, offset } = out;
  const rows = out.shape[0]!;
  const cols = out.shape[1]!;
  const rowStride = out.stride[0]!;
  const colStride = out.stride[1]!;
  for (let i = 0, from = 0; i < rows; i++) {
    for (let j = 0, at = offset + i * rowStride; j < cols; j++, at += colStride) data[at] = values[from++]!;
  }
}
