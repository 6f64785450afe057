import { describe } from "../arguments.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkMatrix, type MatrixLike } from "../matrix/matrix.ts";
import { largest } from "../memory/scale.ts";
import { vectorNorm } from "./vector-norm.ts";

/**
 * The norm of every row, in float64 whatever the dtype.
 *
 * @param order - any p: (Σ |x|ᵖ)^(1/p), ±Infinity for the largest and smallest magnitude, 0 for the number of nonzero elements. Default 2.
 * @throws {NonFiniteError} with the first NaN or infinity. @throws {OptionError} if the order is not a number.
 * @throws {ShapeError} for a negative order of rows without elements.
 * Accuracy: as {@link norm}.
 *
 * @example
 * rowNorms(fromRows([[3, 4], [0, 2]])); // [5, 2]
 */
export function rowNorms(a: MatrixLike, order = 2): Float64Array {
  return lineNorms("rowNorms", a, order, 0);
}

/** The norm of every column; see {@link rowNorms}. */
export function columnNorms(a: MatrixLike, order = 2): Float64Array {
  return lineNorms("columnNorms", a, order, 1);
}

function lineNorms(operation: string, a: MatrixLike, order: number, axis: 0 | 1): Float64Array {
  checkMatrix(operation, a);
  const length = a.shape[1 - axis]!;
  checkOrder(operation, order, length);
  largest(operation, a);
  const [step, next] = [a.stride[1 - axis]!, a.stride[axis]!];
  const line = (i: number) => ({ data: a.data, first: a.offset + i * next, step, length });
  return Float64Array.from({ length: a.shape[axis]! }, (_, i) => vectorNorm(line(i), order));
}

/** Checks the order of a norm of vectors. @throws {OptionError} @throws {ShapeError} */
export function checkOrder(operation: string, order: unknown, length: number): asserts order is number {
  if (typeof order !== "number" || Number.isNaN(order)) {
    throw new OptionError(operation, `the order of a vector's norm must be a number, got ${describe(order)}`);
  }
  if (order < 0 && length === 0) throw new ShapeError(operation, `no elements have no norm of order ${order}`);
}
