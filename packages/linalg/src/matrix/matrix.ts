import { checkOptions, describe, type OptionKinds } from "../arguments.ts";
import { ArgumentError, DtypeError, OptionError, OverflowError, ShapeError } from "../errors.ts";
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

/** Options of {@link matrix}: where its elements lie. */
export interface MatrixOptions {
  /** Index of element (0, 0) in `data`. */
  readonly offset?: number;
  /** Elements from one row, and from one column, to the next. Default: row-major, `[cols, 1]`. */
  readonly stride?: readonly [row: number, column: number];
}

const MATRIX_OPTIONS: OptionKinds<MatrixOptions> = { offset: "number", stride: "any" };

/**
 * Wraps `data` as a matrix without copying.
 *
 * @throws {ShapeError} if an element would lie outside `data`. @throws {DtypeError} if `data` is neither Float32Array nor Float64Array.
 *
 * @example
 * const a = matrix(2, 3, Float64Array.of(1, 2, 3, 4, 5, 6));
 * a.get(1, 0); // 4
 */
export function matrix<D extends Real>(rows: number, cols: number, data: D, options: MatrixOptions = {}): Matrix<D> {
  checkOptions("matrix", options, MATRIX_OPTIONS);
  for (const [name, size] of Object.entries({ rows, cols })) {
    if (!isSize(size))
      throw new ArgumentError("matrix", `expected ${name} to be a whole number, got ${describe(size)}`);
  }
  const { offset = 0, stride: [rowStride, colStride] = [cols, 1] } = options;
  const a = new StridedView(data, [rows, cols], [rowStride, colStride], offset);
  checkMatrix("matrix", a);
  return a;
}

/** A new `rows × cols` matrix of zeros outside any heap. @throws {ShapeError} if a size is not a whole number. */
export function zeros(rows: number, cols: number): Matrix<Float64Array>;
export function zeros<T extends Dtype>(rows: number, cols: number, dtype: T): Matrix<RealOf<T>>;
export function zeros(rows: number, cols: number, dtype: Dtype = "float64"): Matrix {
  return newMatrix("zeros", rows, cols, dtype);
}

/** Zeros, with errors in the name of `operation`. @throws {ShapeError} @throws {DtypeError} */
export function newMatrix(operation: string, rows: number, cols: number, dtype: Dtype): Matrix {
  if (!isSize(rows) || !isSize(cols)) {
    throw new ShapeError(operation, `expected whole sizes, got ${describe(rows)} and ${describe(cols)}`);
  }
  return matrix<Real>(rows, cols, newVector(operation, rows * cols, dtype));
}

/** Zeros. @throws {DtypeError} @throws {ShapeError} for more elements than a typed array can have. */
export function newVector(operation: string, length: number, dtype: Dtype): Real {
  if (dtype !== "float32" && dtype !== "float64") {
    throw new DtypeError(operation, `expected "float32" or "float64", got ${describe(dtype)}`);
  }
  try {
    return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    throw new ShapeError(operation, `a result of ${length} ${dtype} elements is more than this runtime can allocate`, {
      cause,
    });
  }
}

/** The `n × n` identity. */
export function identity(n: number): Matrix<Float64Array>;
export function identity<T extends Dtype>(n: number, dtype: T): Matrix<RealOf<T>>;
export function identity(n: number, dtype: Dtype = "float64"): Matrix {
  const a = newMatrix("identity", n, n, dtype);
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
  if (!Array.isArray(rows)) throw new ArgumentError("fromRows", `expected an array of rows, got ${describe(rows)}`);
  const cols = (rows[0] as ArrayLike<number> | undefined)?.length ?? 0;
  const a = newMatrix("fromRows", rows.length, cols, dtype);
  for (let i = 0; i < rows.length; i++) writeRow(a, i, rows[i]);
  return a;
}

/** Row i of `a` ← the numbers of `row`. Null, strings and gaps would become numbers without a word: they are refused. */
function writeRow({ data, shape }: Matrix, i: number, row: readonly number[] | undefined): void {
  const cols = shape[1]!;
  if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
    throw new ArgumentError("fromRows", `expected row ${i} to be an array of numbers, got ${describe(row)}`);
  }
  if (row.length !== cols) throw new ShapeError("fromRows", `expected rows of ${cols}, got ${row.length} in row ${i}`);
  for (let j = 0; j < cols; j++) {
    const value: unknown = row[j];
    if (typeof value !== "number") {
      throw new ArgumentError("fromRows", `expected a number at [${i}, ${j}], got ${describe(value)}`);
    }
    const at = i * cols + j;
    data[at] = value;
    if (Number.isFinite(value) && !Number.isFinite(data[at])) {
      throw new OverflowError("fromRows", `${value} at [${i}, ${j}] is outside the range of float32`);
    }
  }
}

/** The transpose as a view: nothing is copied, and what is written to it appears in `a`. */
export function transpose<D extends Real>(a: MatrixLike<D>): Matrix<D> {
  checkMatrix("transpose", a);
  return new StridedView(a.data, [a.shape[1]!, a.shape[0]!], [a.stride[1]!, a.stride[0]!], a.offset);
}

/**
 * The check at the border of every routine: two dimensions, float32 or float64, every element inside `data`.
 *
 * @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError}
 */
export function checkMatrix(operation: string, a: MatrixLike, name = "a matrix"): void {
  if (!hasFields(a)) throw new ArgumentError(operation, `expected ${name}, got ${describe(a)}${adviceFor(a)}`);
  const { data, shape, stride, offset } = a;
  if (dtypeOf(data) === undefined) {
    throw new DtypeError(operation, `expected Float32Array or Float64Array, got ${describe(data)}`);
  }
  if (shape.length !== 2 || stride.length !== 2) {
    const hint = shape.length > 2 ? "; @sumo/linalg/stacks takes stacks of matrices" : "";
    throw new ShapeError(operation, `expected a matrix, got ${shape.length} dimensions${hint}`);
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

const hasFields = (a: Partial<MatrixLike> | null | undefined): boolean =>
  typeof a === "object" && a !== null && isList(a.shape) && isList(a.stride) && "data" in a && "offset" in a;

const isList = (value: unknown): boolean => typeof value === "object" && value !== null && "length" in value;

/** The way from what people have to a matrix. */
function adviceFor(a: unknown): string {
  if (Array.isArray(a)) return "; fromRows makes a matrix of nested arrays";
  if (ArrayBuffer.isView(a)) return "; matrix(rows, cols, data) makes one of a typed array";
  return typeof a === "object" && a !== null ? " without data, shape, stride and offset" : "";
}
