import { describe } from "../arguments.ts";
import { DtypeError, ShapeError } from "../errors.ts";
import { checkMatrix, type Matrix, type MatrixLike } from "./matrix.ts";
import { dtypeOf, type Real } from "./real.ts";

/** Vectors that routines accept: typed arrays, and views of one dimension. Types cannot tell the latter from matrices; routines do. */
export type VectorLike<D extends Real = Real> = D | MatrixLike<D>;

/** A vector as the n × 1 matrix of its elements, without a copy; anything else as it is, for {@link checkMatrix} to judge. */
export function asMatrix<D extends Real>(operation: string, x: VectorLike<D>): MatrixLike<D> {
  if (isArray(x)) {
    if (dtypeOf(x) !== undefined) return { data: x, shape: [x.length, 1], stride: [1, 1], offset: 0 };
    throw new DtypeError(operation, `expected Float32Array or Float64Array, got ${describe(x)}`);
  }
  const view = x as MatrixLike<D>;
  if (!isLine(view)) return view;
  return { data: view.data, shape: [view.shape[0]!, 1], stride: [view.stride[0]!, 1], offset: view.offset };
}

/** Checks that `x` is a vector and returns it as an n × 1 matrix. @throws {ShapeError} @throws {DtypeError} */
export function checkVectorLike<D extends Real>(operation: string, name: string, x: VectorLike<D>): MatrixLike<D> {
  const column = asMatrix(operation, x);
  checkMatrix(operation, column);
  if (column === x) {
    throw new ShapeError(operation, `expected ${name} to be a vector, got [${column.shape[0]}, ${column.shape[1]}]`);
  }
  return column;
}

/** The n × 1 result of what came as `x`, in its form: a typed array, a view of one dimension, or the matrix itself. */
export function inFormOf<D extends Real>(x: VectorLike<D>, result: Matrix<D>): D | Matrix<D> {
  if (isArray(x)) return result.data;
  return isLine(x) ? result.pick(-1, 0) : result;
}

const isArray = <D extends Real>(x: VectorLike<D>): x is D => ArrayBuffer.isView(x);
const isLine = (x: VectorLike): boolean => {
  const { shape, stride } = (x ?? {}) as Partial<MatrixLike>;
  return shape?.length === 1 && stride?.length === 1;
};
