import { describe } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkSameDtype, dtype } from "./checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, newMatrix } from "./matrix.ts";
import type { Real } from "./real.ts";

/**
 * Matrices side by side in a new one.
 *
 * @param matrices - at least one, of equal height and dtype, any strides.
 * @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError}
 *
 * @example
 * hstack([fromRows([[1], [2]]), fromRows([[3], [4]])]); // [[1, 3], [2, 4]]
 */
export function hstack<D extends Real>(matrices: readonly MatrixLike<D>[]): Matrix<D> {
  return stack("hstack", matrices, 1);
}

/** Matrices of equal width and dtype below each other; see {@link hstack}. @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError} */
export function vstack<D extends Real>(matrices: readonly MatrixLike<D>[]): Matrix<D> {
  return stack("vstack", matrices, 0);
}

/** Checks an array of at least one matrix. @throws {ArgumentError} @throws {ShapeError} @throws {DtypeError} */
export function checkMatrices(operation: string, matrices: readonly MatrixLike[]): void {
  if (!Array.isArray(matrices)) {
    throw new ArgumentError(operation, `expected an array of matrices, got ${describe(matrices)}`);
  }
  if (matrices.length === 0) throw new ShapeError(operation, "expected at least one matrix, got none");
  for (const a of matrices) checkMatrix(operation, a);
}

function stack<D extends Real>(operation: string, matrices: readonly MatrixLike<D>[], axis: 0 | 1): Matrix<D> {
  checkMatrices(operation, matrices);
  const first = matrices[0]!;
  const other = axis === 0 ? 1 : 0;
  const shape: [number, number] = [0, 0];
  for (const a of matrices) {
    checkSameDtype(operation, a.data, first.data);
    if (a.shape[other] !== first.shape[other]) {
      const shapes = [first, a].map((x) => `[${x.shape[0]}, ${x.shape[1]}]`).join(" and ");
      throw new ShapeError(operation, `expected equal ${axis === 0 ? "widths" : "heights"}, got ${shapes}`);
    }
    shape[axis] += a.shape[axis]!;
  }
  shape[other] = first.shape[other]!;
  const out = newMatrix(operation, ...shape, dtype(first)) as Matrix as Matrix<D>;
  let at = 0;
  for (const a of matrices) {
    write(out, at, a);
    at += axis === 0 ? a.shape[0]! * shape[1] : a.shape[1]!;
  }
  return out;
}

/** The block of `out` that starts at index `at` ← the elements of `a`. */
function write({ data, stride }: Matrix, at: number, a: MatrixLike): void {
  for (let i = 0; i < a.shape[0]!; i++) {
    for (let j = 0; j < a.shape[1]!; j++) {
      data[at + i * stride[0]! + j] = a.data[a.offset + i * a.stride[0]! + j * a.stride[1]!]!;
    }
  }
}
