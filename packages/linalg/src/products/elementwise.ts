import { describe } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { checkSameDtype, checkShape } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { zerosLike } from "../memory/allocate.ts";

/**
 * Sum of two matrices, element by element. NaN and infinities go through by IEEE rules.
 *
 * @param b - of the shape and dtype of `a`, any strides.
 * @throws {ShapeError} @throws {DtypeError}
 * Accuracy: each element is rounded once to the dtype.
 *
 * @example
 * add(fromRows([[1, 2]]), fromRows([[3, 4]])); // [[4, 6]]
 */
export function add<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D> {
  return combine("add", a, b, (x, y) => x + y);
}

/** Difference a − b; see {@link add}. */
export function subtract<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D> {
  return combine("subtract", a, b, (x, y) => x - y);
}

/** Product of two matrices element by element, which {@link matmul} is not; see {@link add}. */
export function multiply<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D> {
  return combine("multiply", a, b, (x, y) => x * y);
}

/** The matrix `alpha` times `a`; see {@link add}. @throws {ArgumentError} if `alpha` is not a number. */
export function scale<D extends Real>(a: MatrixLike<D>, alpha: number): Matrix<D> {
  checkMatrix("scale", a);
  if (typeof alpha !== "number")
    throw new ArgumentError("scale", `expected alpha to be a number, got ${describe(alpha)}`);
  return combine("scale", a, a, (x) => alpha * x);
}

function combine<D extends Real>(
  operation: string,
  a: MatrixLike<D>,
  b: MatrixLike<D>,
  rule: (x: number, y: number) => number,
): Matrix<D> {
  checkMatrix(operation, a);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  checkShape(operation, "b", b, m, n);
  checkSameDtype(operation, a.data, b.data);
  const out = zerosLike(operation, a, m, n);
  for (let i = 0, to = 0; i < m; i++) {
    let [from, other] = [a.offset + i * a.stride[0]!, b.offset + i * b.stride[0]!];
    for (let j = 0; j < n; j++, from += a.stride[1]!, other += b.stride[1]!) {
      out.data[to++] = rule(a.data[from]!, b.data[other]!);
    }
  }
  return out;
}
