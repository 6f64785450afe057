import { DtypeError, OptionError, ShapeError } from "../errors.ts";
import { type Dtype, dtypeOf, type Real, type RealOf } from "./real.ts";
import { StridedView } from "./strided-view.ts";

/**
 * Matrices that routines accept: the four fields of an `ndarray` with two dimensions. Every `ndarray` is one; so is any object with these fields.
 * Element (i, j) is `data[offset + i * stride[0] + j * stride[1]]`; strides may be zero (read only) or negative.
 */
export interface MatrixLike<D extends Real = Real> {
  readonly data: D;
  readonly shape: ArrayLike<number>;
  readonly stride: ArrayLike<number>;
  readonly offset: number;
}

/** Matrices that routines return: the interface of an `ndarray`, two dimensions, row-major. */
export type Matrix<D extends Real = Real> = StridedView<D>;

/** Vectors that routines return (singular values, eigenvalues): plain typed arrays. */
export type Vector<D extends Real = Real> = D;

export interface MatrixOptions {
  /** Index of element (0, 0) in `data`. */
  readonly offset?: number;
  /** Elements from one row, and from one column, to the next. Default: row-major, `[cols, 1]`. */
  readonly stride?: readonly [row: number, column: number];
}

/**
 * Wraps `data` as a matrix without copying.
 *
 * @throws {ShapeError} if an element would lie outside `data`. @throws {DtypeError} if `data` is neither Float32Array nor Float64Array.
 *
 * @example
 * const a = matrix(2, 3, Float64Array.of(1, 2, 3, 4, 5, 6));
 * a.get(1, 0); // 4
 */
export function matrix<D extends Real>(
  rows: number,
  cols: number,
  data: D,
  { offset = 0, stride: [rowStride, colStride] = [cols, 1] }: MatrixOptions = {},
): Matrix<D> {
  const a = new StridedView(data, [rows, cols], [rowStride, colStride], offset);
  checkMatrix("matrix", a);
  return a;
}

/** A new `rows × cols` matrix of zeros outside any heap. @throws {ShapeError} if a size is not a whole number. */
export function zeros(rows: number, cols: number): Matrix<Float64Array>;
export function zeros<T extends Dtype>(rows: number, cols: number, dtype: T): Matrix<RealOf<T>>;
export function zeros(rows: number, cols: number, dtype: Dtype = "float64"): Matrix {
  if (!isSize(rows) || !isSize(cols)) throw new ShapeError("zeros", `expected whole sizes, got [${rows}, ${cols}]`);
  if (dtype === "float32") return matrix<Real>(rows, cols, new Float32Array(rows * cols));
  if (dtype === "float64") return matrix<Real>(rows, cols, new Float64Array(rows * cols));
  throw new DtypeError("zeros", `expected "float32" or "float64", got ${JSON.stringify(dtype)}`);
}

/** The `n × n` identity. */
export function identity(n: number): Matrix<Float64Array>;
export function identity<T extends Dtype>(n: number, dtype: T): Matrix<RealOf<T>>;
export function identity(n: number, dtype: Dtype = "float64"): Matrix {
  const a = zeros<Dtype>(n, n, dtype);
  for (let i = 0; i < n; i++) a.data[i * n + i] = 1;
  return a;
}

/**
 * A matrix from nested arrays.
 *
 * @throws {ShapeError} if the rows differ in length.
 *
 * @example
 * fromRows([[1, 2], [3, 4]]).get(1, 0); // 3
 */
export function fromRows(rows: readonly (readonly number[])[]): Matrix<Float64Array>;
export function fromRows<T extends Dtype>(rows: readonly (readonly number[])[], dtype: T): Matrix<RealOf<T>>;
export function fromRows(rows: readonly (readonly number[])[], dtype: Dtype = "float64"): Matrix {
  const cols = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== cols);
  if (odd >= 0) throw new ShapeError("fromRows", `expected rows of ${cols}, got ${rows[odd]!.length} in row ${odd}`);
  const a = zeros<Dtype>(rows.length, cols, dtype);
  rows.forEach((row, i) => {
    a.data.set(row, i * cols);
  });
  return a;
}

/** The transpose as a view: nothing is copied, and what is written to it appears in `a`. */
export function transpose<D extends Real>(a: MatrixLike<D>): Matrix<D> {
  checkMatrix("transpose", a);
  return new StridedView(a.data, [a.shape[1]!, a.shape[0]!], [a.stride[1]!, a.stride[0]!], a.offset);
}

/**
 * The check at the border of every routine: two dimensions, float32 or float64, every element inside `data`.
 *
 * @throws {ShapeError} @throws {DtypeError}
 */
export function checkMatrix(operation: string, a: MatrixLike): void {
  const { data, shape, stride, offset } = a;
  if (dtypeOf(data) === undefined) {
    throw new DtypeError(operation, `expected Float32Array or Float64Array, got ${describe(data)}`);
  }
  if (shape.length !== 2 || stride.length !== 2) {
    throw new ShapeError(operation, `expected a matrix, got ${shape.length} dimensions`);
  }
  const rows = shape[0]!;
  const cols = shape[1]!;
  if (!isSize(rows) || !isSize(cols)) {
    throw new ShapeError(operation, `expected whole sizes, got [${rows}, ${cols}]`);
  }
  if (!Number.isInteger(stride[0]) || !Number.isInteger(stride[1]) || !Number.isInteger(offset)) {
    throw new OptionError(
      operation,
      `expected whole strides and offset, got [${stride[0]}, ${stride[1]}] and ${offset}`,
    );
  }
  if (rows === 0 || cols === 0) return;
  const down = (rows - 1) * stride[0]!;
  const across = (cols - 1) * stride[1]!;
  const first = offset + Math.min(0, down) + Math.min(0, across);
  const last = offset + Math.max(0, down) + Math.max(0, across);
  if (first < 0 || last >= data.length) {
    throw new ShapeError(operation, `[${rows}, ${cols}] spans elements ${first} to ${last}, data holds ${data.length}`);
  }
}

const isSize = (n: number): boolean => Number.isInteger(n) && n >= 0;
const describe = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
