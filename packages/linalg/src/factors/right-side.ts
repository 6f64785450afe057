import { DtypeError } from "../errors.ts";
import { checkShape, dtype } from "../matrix/checks.ts";
import { checkMatrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { asMatrix, type VectorLike } from "../matrix/vector.ts";
import { largest } from "../memory/scale.ts";

/** Checks a right-hand side of `rows` rows, and returns it as a matrix. @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} */
export function checkRightSide<D extends Real>(
  operation: string,
  b: VectorLike<D>,
  rows: number,
  expected: Dtype,
): MatrixLike<D> {
  const right = asMatrix(operation, b);
  checkMatrix(operation, right, "b");
  checkShape(operation, "b", right, rows, right.shape[1]!);
  if (dtype(right) !== expected) {
    throw new DtypeError(operation, `expected b of the factored matrix's ${expected}, got ${dtype(right)}`);
  }
  largest(operation, right);
  return right;
}
