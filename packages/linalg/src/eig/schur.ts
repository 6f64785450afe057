import { checkOutputs } from "../arguments.ts";
import { checkApart, checkOutput, checkSameDtype, checkSquare } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { realSchur, realSchurWorkspace } from "./real-schur.ts";

/** Factors of {@link schur}. */
export interface Schur<D extends Real = Real> {
  /**
   * Upper triangular but for 2 × 2 blocks [x, y; w, x] with y w < 0 on its diagonal, one for each pair of conjugate eigenvalues
   * x ± i √(−y w).
   */
  readonly t: Matrix<D>;
  /** Orthogonal; its first k columns span an invariant subspace, unless k splits a block. */
  readonly z: Matrix<D>;
}

/** Outputs of {@link schurInto}. */
export interface SchurOut {
  readonly t: MatrixLike;
  readonly z: MatrixLike;
}

/**
 * Real Schur form a = z t zᵀ, in float64 inside: Hessenberg form, then Francis' QR iteration, one double shift at a time. It deflates
 * where a subdiagonal element is small against the 2 × 2 block around it, without aggressive early deflation. The matrix is not
 * balanced, so that z stays orthogonal.
 *
 * @param a - n × n, any strides; defective matrices too.
 * @returns the eigenvalues on the diagonal of t in the order in which the iteration leaves them.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity.
 * @throws {NotConvergedError} after 30 max(10, n) steps for one eigenvalue, which no finite matrix is known to need.
 * @throws {OverflowError} if t leaves the range of the dtype, which may happen at a norm near its end.
 * Accuracy: ‖a − z t zᵀ‖ ≤ c n ε ‖a‖, ‖zᵀz − I‖ ≤ c n ε. Cost: about 25n³ flops.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §7.4 and §7.5.
 *
 * @example
 * schur(fromRows([[0, 2], [-2, 0]])).t; // [[0, 2], [-2, 0]]: the eigenvalues are ±2i
 */
export function schur<D extends Real>(a: MatrixLike<D>): Schur<D> {
  const n = checkSquare("schur", a);
  const out = { t: zerosLike("schur", a, n, n), z: zerosLike("schur", a, n, n) };
  withWorkspace("schur", schurWorkspace(n), (work) => schurInto(out, a, work));
  return out;
}

/**
 * out ← the factors of `a`; see {@link schur}.
 *
 * @param out - t and z n × n of the dtype of `a`; one of them may be `a`.
 * @param work - at least {@link schurWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {NotConvergedError} @throws {OverflowError}
 * before anything is written.
 */
export function schurInto(out: SchurOut, a: MatrixLike, work: Workspace): void {
  const n = checkSquare("schur", a);
  checkOutputs("schur", out, "t, z");
  checkWorkspace("schur", work);
  const { t, z } = out;
  for (const [name, part] of [
    ["t", t],
    ["z", z],
  ] as const) {
    checkOutput("schur", name, part, n, n);
    checkSameDtype("schur", part.data, a.data);
  }
  checkApart("schur", "t and z", t, z);
  const unit = powerOfTwo(largest("schur", a, work.engine));
  work.scope(() => {
    const x = packScaled(work.engine, work.float64(n * n), a, 1 / unit);
    const basis = work.float64(n * n);
    realSchur("schur", n, 0, n - 1, x, basis, work);
    checkRange("schur", work.engine.largest(n * n, x, 0), unit, t.data);
    unpackScaled(work.engine, t, x, unit);
    unpackScaled(work.engine, z, basis, 1);
  });
}

/** Bytes of scratch that {@link schurInto} needs for an n × n matrix. */
export const schurWorkspace = (n: number): WorkspaceSize => allOf(2 * sizeOfFloat64(n * n), realSchurWorkspace(n));
