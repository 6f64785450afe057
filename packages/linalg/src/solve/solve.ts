import { checkOutput, checkSameDtype, checkShape, checkSquare } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, type Vector } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { asMatrix, inFormOf, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { eliminationWorkspace, solveByElimination } from "./lu.ts";
import { equilibratedWorkspace, solveEquilibrated } from "./solve-equilibrated.ts";

/**
 * Solves a x = b by Gaussian elimination with partial pivoting, in float64 inside.
 *
 * @param a - n × n, any strides.
 * @param b - n × p of the same dtype, or a vector of n elements: a typed array or a view of one dimension.
 * @returns a new n × p matrix of that dtype; a vector, in the form of `b`, for a vector.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError}
 * @throws {SingularError} if a pivot is exactly zero. Nearly singular systems are solved; ask {@link cond} how far to trust them.
 * @throws {OverflowError} if x is outside the range of the dtype.
 * Accuracy: ‖b − a x‖ ≤ c n ε₆₄ ‖a‖ ‖x‖ before rounding to the dtype, times the growth factor of elimination: seldom above 10, and at
 * most 2²⁶, beyond which the system is solved by QR. Rows and columns may be in different units: they are equilibrated by powers of two.
 * Cost: (2/3)n³ + 2n²p flops; by QR four times as many.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §3.4.
 *
 * @example
 * solve(fromRows([[0, 2], [1, 0]]), Float64Array.of(2, 3)); // [3, 1]
 */
export function solve<D extends Real>(a: MatrixLike<D>, b: D): Vector<D>;
export function solve<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>): Matrix<D>;
export function solve<D extends Real>(a: MatrixLike<D>, b: VectorLike<D>): Vector<D> | Matrix<D> {
  const n = checkSquare("solve", a);
  const right = asMatrix("solve", b);
  checkMatrix("solve", right, "b");
  const p = right.shape[1]!;
  checkShape("solve", "b", right, n, p);
  const out = zerosLike("solve", right, n, p);
  return inFormOf(
    b,
    withWorkspace("solve", solveWorkspace(n, p), (work) => solveInto(out, a, right, work)),
  );
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
  for (const x of [a, b]) largest("solve", x, work.engine);
  const system = {
    n,
    p,
    matrix: (lu: Float64Array) => packScaled(work.engine, lu, a, 1),
    right: (x: Float64Array) => packScaled(work.engine, x, b, 1),
    solve: (lu: Float64Array, x: Float64Array) => solveByElimination("solve", n, lu, p, x, work),
  };
  solveEquilibrated("solve", out, system, work);
  return out;
}

/** Bytes of scratch that {@link solveInto} needs for n × n and n × p matrices. */
export const solveWorkspace = (n: number, p: number): WorkspaceSize =>
  allOf(equilibratedWorkspace(n, p), eliminationWorkspace(n));
