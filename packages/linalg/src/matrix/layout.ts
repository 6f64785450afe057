import type { MatrixLike } from "./matrix.ts";
import type { Real } from "./real.ts";

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
