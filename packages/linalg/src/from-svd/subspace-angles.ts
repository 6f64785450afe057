import { ShapeError } from "../errors.ts";
import { checkSameDtype } from "../matrix/checks.ts";
import { pack } from "../matrix/layout.ts";
import { checkMatrix, type Matrix, type MatrixLike, zeros } from "../matrix/matrix.ts";
import { largest } from "../memory/scale.ts";
import { subtract } from "../products/elementwise.ts";
import { matmul } from "../products/matmul.ts";
import { svdvals } from "../svd/svd.ts";
import { toleranceOf } from "../svd/tolerance.ts";
import { orth } from "./orth.ts";

/**
 * Principal angles between the ranges of two matrices, in radians, in float64 inside.
 *
 * @param a - m × p, any strides, any rank.
 * @param b - m × q of the same dtype, likewise.
 * @returns as many angles as the smaller rank, descending, from π/2 to 0.
 * @throws {ShapeError} if the heights differ. @throws {DtypeError} @throws {NonFiniteError} @throws {NotConvergedError}
 * Accuracy: c m ε₆₄ κ, with κ the larger condition of `a` and `b`, for small angles too: those come from sines and only the others from cosines.
 * Cost: that of {@link orth} of both and 4mpq flops.
 *
 * @see Björck and Golub, Numerical methods for computing angles between linear subspaces (1973); Knyazev and Argentati, Principal angles
 * between subspaces in an A-based scalar product (2002), algorithm 3.1.
 *
 * @example
 * subspaceAngles(fromRows([[1], [0]]), fromRows([[1], [1]])); // [π / 4]
 */
export function subspaceAngles(a: MatrixLike, b: MatrixLike): Float64Array {
  const [first, second] = [basisOf(a), basisOf(b)];
  const [m, n] = [a.shape[0]!, b.shape[0]!];
  if (m !== n) throw new ShapeError("subspaceAngles", `expected matrices of one height, got ${m} and ${n} rows`);
  checkSameDtype("subspaceAngles", a.data, b.data);
  const [wide, narrow] = first.shape[1]! >= second.shape[1]! ? [first, second] : [second, first];
  const inner = matmul(wide, narrow, { transposeA: true });
  const cosines = svdvals(inner);
  // What the wider subspace leaves of the narrower one: its singular values are the sines.
  const sines = svdvals(subtract(narrow, matmul(wide, inner)));
  const count = cosines.length;
  return Float64Array.from({ length: count }, (_, i) => {
    const cosine = Math.min(1, cosines[count - 1 - i]!);
    return cosine * cosine >= 0.5 ? Math.asin(Math.min(1, sines[i]!)) : Math.acos(cosine);
  });
}

function basisOf(a: MatrixLike): Matrix<Float64Array> {
  checkMatrix("subspaceAngles", a);
  largest("subspaceAngles", a);
  const copy = zeros(a.shape[0]!, a.shape[1]!);
  pack(copy.data, a);
  return orth(copy, { tolerance: toleranceOf("subspaceAngles", a, {}) });
}
