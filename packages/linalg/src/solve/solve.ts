import { checkOutput, checkSameDtype, checkShape, checkSquare } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled, powerOfTwo, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { eliminationWorkspace, solveByElimination } from "./lu.ts";

/**
 * Solves a x = b by Gaussian elimination with partial pivoting, in float64 inside.
 *
 * @param a - n × n, any strides.
 * @param b - n × p of the same dtype; a vector is n × 1.
 * @returns a new n × p matrix of that dtype.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError}
 * @throws {SingularError} if a pivot is exactly zero. Nearly singular systems are solved; ask {@link cond} how far to trust them.
 * Accuracy: ‖b − a x‖ ≤ c n ε₆₄ ‖a‖ ‖x‖ before rounding to the dtype. Cost: (2/3)n³ + 2n²p flops.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §3.4.
 *
 * @example
 * solve(fromRows([[0, 2], [1, 0]]), fromRows([[2], [3]])); // [[3], [1]]
 */
export function solve<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D> {
  const n = checkSquare("solve", a);
  checkMatrix("solve", b, "b");
  checkShape("solve", "b", b, n, b.shape[1]!);
  const out = zerosLike("solve", b, n, b.shape[1]!);
  return withWorkspace("solve", solveWorkspace(n, b.shape[1]!), (work) => solveInto(out, a, b, work));
}

/**
 * out ← the solution; see {@link solve}.
 *
 * @param out - n × p; may be `a` or `b`.
 * @param work - at least {@link solveWorkspace} bytes.
 * @throws as {@link solve}, before anything is written.
 */
export function solveInto<M extends MatrixLike>(out: M, a: MatrixLike, b: MatrixLike, work: Workspace): M {
  const n = checkSquare("solve", a);
  checkMatrix("solve", b, "b");
  checkWorkspace("solve", work);
  const p = b.shape[1]!;
  checkShape("solve", "b", b, n, p);
  checkOutput("solve", "out", out, n, p);
  for (const data of [out.data, b.data]) checkSameDtype("solve", data, a.data);
  const [aUnit, bUnit] = [a, b].map((x) => powerOfTwo(largest("solve", x, work.engine))) as [number, number];
  return work.scope(() => {
    const lu = packScaled(work.engine, work.float64(n * n), a, 1 / aUnit);
    const x = packScaled(work.engine, work.float64(n * p), b, 1 / bUnit);
    solveByElimination("solve", n, lu, p, x, work);
    unpackScaled(work.engine, out, x, bUnit / aUnit);
    return out;
  });
}

/** Bytes of scratch that {@link solveInto} needs for n × n and n × p matrices. */
export const solveWorkspace = (n: number, p: number): WorkspaceSize =>
  allOf(sizeOfFloat64(n * n), sizeOfFloat64(n * p), eliminationWorkspace(n));
