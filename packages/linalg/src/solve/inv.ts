import { checkOutput, checkSameDtype, checkSquare } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { writeIdentity } from "../rows/write-identity.ts";
import { solveByElimination } from "./lu.ts";
import { solveWorkspace } from "./solve.ts";
import { solveEquilibrated } from "./solve-equilibrated.ts";

/**
 * Inverse of a square matrix. To solve a system, {@link solve} is faster and more accurate.
 *
 * @param a - n × n, any strides.
 * @throws {ShapeError} @throws {NonFiniteError} @throws {SingularError} if a pivot is exactly zero. @throws {OverflowError}
 * Accuracy: ‖a x − I‖ ≤ c n ε₆₄ ‖a‖ ‖x‖ before rounding to the dtype, as in {@link solve}. Cost: (8/3)n³ flops.
 *
 * @example
 * inv(fromRows([[2, 0], [0, 4]])); // [[0.5, 0], [0, 0.25]]
 */
export function inv<D extends Real>(a: MatrixLike<D>): Matrix<D> {
  const n = checkSquare("inv", a);
  const out = zerosLike("inv", a, n, n);
  return withWorkspace("inv", invWorkspace(n), (work) => invInto(out, a, work));
}

/** out ← the inverse; `out` may be `a`. See {@link inv}. */
export function invInto<M extends MatrixLike>(out: M, a: MatrixLike, work: Workspace): M {
  const n = checkSquare("inv", a);
  checkOutput("inv", "out", out, n, n);
  checkSameDtype("inv", out.data, a.data);
  checkWorkspace("inv", work);
  largest("inv", a, work.engine);
  const system = {
    n,
    p: n,
    matrix: (lu: Float64Array) => packScaled(work.engine, lu, a, 1),
    right: (x: Float64Array) => writeIdentity(n, x),
    solve: (lu: Float64Array, x: Float64Array) => solveByElimination("inv", n, lu, n, x, work),
  };
  solveEquilibrated("inv", out, system, work);
  return out;
}

/** Bytes of scratch that {@link invInto} needs for an n × n matrix. */
export const invWorkspace = (n: number): WorkspaceSize => solveWorkspace(n, n);
