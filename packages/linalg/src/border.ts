import { DtypeError, NonFiniteError, ShapeError } from "./errors.ts";
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

/** Checks an output: like {@link checkShape}, and no two elements share their storage by a stride of zero. */
export function checkOutput(operation: string, name: string, a: MatrixLike, rows: number, cols: number): void {
  checkShape(operation, name, a, rows, cols);
  const shares = rows * cols > 0 && ((rows > 1 && a.stride[0] === 0) || (cols > 1 && a.stride[1] === 0));
  if (shares) {
    throw new ShapeError(operation, `expected ${name} without zero strides, got [${a.stride[0]}, ${a.stride[1]}]`);
  }
}

/** @throws {DtypeError} unless both have the same element type. */
export function checkSameDtype(operation: string, a: Real, b: Real): void {
  if (dtypeOf(a) !== dtypeOf(b)) {
    throw new DtypeError(operation, `expected operands of one dtype, got ${dtypeOf(a)} and ${dtypeOf(b)}`);
  }
}

/** @throws {NonFiniteError} with the first NaN or infinity in row-major order. Reads every element once. */
export function checkFinite(operation: string, a: MatrixLike): void {
  const { data, offset } = a;
  const rows = a.shape[0]!;
  const cols = a.shape[1]!;
  const rowStride = a.stride[0]!;
  const colStride = a.stride[1]!;
  for (let i = 0; i < rows; i++) {
    let at = offset + i * rowStride;
    for (let j = 0; j < cols; j++, at += colStride) {
      const value = data[at]!;
      // x - x is 0 for finite x and NaN for the rest.
      if (value - value !== 0) throw new NonFiniteError(operation, [i, j], value);
    }
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
