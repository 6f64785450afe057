import { checkSameDtype, dtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, newMatrix } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { checkVectorLike, type VectorLike } from "../matrix/vector.ts";

/**
 * Outer product x yᵀ of two vectors. NaN and infinities go through by IEEE rules.
 *
 * @param x - a typed array or a view of one dimension, of length m.
 * @param y - likewise, of length n and the same dtype.
 * @returns a new m × n matrix of that dtype.
 * @throws {ArgumentError} @throws {ShapeError} for a matrix. @throws {DtypeError}
 *
 * @example
 * outer(Float64Array.of(1, 2), Float64Array.of(3, 4)); // [[3, 4], [6, 8]]
 */
export function outer<D extends Real>(x: VectorLike<D>, y: VectorLike<D>): Matrix<D> {
  const column = checkVectorLike("outer", "x", x);
  const { data, shape, stride, offset } = checkVectorLike("outer", "y", y);
  const row = { data, shape: [1, shape[0]!], stride: [1, stride[0]!], offset };
  return products("outer", column, row);
}

/**
 * Kronecker product: the block matrix whose block (i, j) is a[i, j] b. NaN and infinities go through by IEEE rules.
 *
 * @param a - m × n, any strides.
 * @param b - p × q of the same dtype.
 * @returns a new mp × nq matrix of that dtype.
 * @throws {ShapeError} @throws {DtypeError}
 *
 * @example
 * kron(identity(2), fromRows([[1, 2]])); // [[1, 2, 0, 0], [0, 0, 1, 2]]
 */
export function kron<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D> {
  checkMatrix("kron", a);
  checkMatrix("kron", b);
  return products("kron", a, b);
}

/** Every element of `a` times every element of `b`; the outer product is the Kronecker product of a column and a row. */
function products<D extends Real>(operation: string, a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D> {
  checkSameDtype(operation, a.data, b.data);
  const [m, n, p, q] = [a.shape[0]!, a.shape[1]!, b.shape[0]!, b.shape[1]!];
  const out = newMatrix(operation, m * p, n * q, dtype(a)) as Matrix as Matrix<D>;
  let at = 0;
  for (let i = 0; i < m; i++) {
    for (let r = 0; r < p; r++) {
      for (let j = 0; j < n; j++) {
        const factor = a.data[a.offset + i * a.stride[0]! + j * a.stride[1]!]!;
        const row = b.offset + r * b.stride[0]!;
        for (let c = 0; c < q; c++) out.data[at++] = factor * b.data[row + c * b.stride[1]!]!;
      }
    }
  }
  return out;
}
