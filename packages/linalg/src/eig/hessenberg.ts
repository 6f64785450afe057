import { checkOutputs } from "../arguments.ts";
import { checkApart, checkOutput, checkSameDtype, checkSquare } from "../matrix/checks.ts";
import type { Matrix, MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, unpackScaled } from "../memory/scale.ts";
import { allOf, checkWorkspace, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { hessenbergForm, realSchurWorkspace } from "./real-schur.ts";

/** Factors of {@link hessenberg}. */
export interface Hessenberg<D extends Real = Real> {
  /** Upper Hessenberg: zero below the first subdiagonal. */
  readonly h: Matrix<D>;
  /** Orthogonal. */
  readonly q: Matrix<D>;
}

/** Outputs of {@link hessenbergInto}. */
export interface HessenbergOut {
  readonly h: MatrixLike;
  /** Left out: only h is computed. */
  readonly q?: MatrixLike;
}

/**
 * Hessenberg form a = q h qᵀ, by Householder reflectors in float64.
 *
 * @param a - n × n, any strides.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity. @throws {OverflowError}
 * Accuracy: ‖a − q h qᵀ‖ ≤ c n ε ‖a‖, ‖qᵀq − I‖ ≤ c n ε. Cost: (14/3)n³ flops, (10/3)n³ without q.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §7.4.3.
 *
 * @example
 * hessenberg(fromRows([[1, 2, 3], [3, 4, 5], [4, 6, 7]])).h.get(2, 0); // 0
 */
export function hessenberg<D extends Real>(a: MatrixLike<D>): Hessenberg<D> {
  const n = checkSquare("hessenberg", a);
  const out = { h: zerosLike("hessenberg", a, n, n), q: zerosLike("hessenberg", a, n, n) };
  withWorkspace("hessenberg", hessenbergWorkspace(n), (work) => hessenbergInto(out, a, work));
  return out;
}

/**
 * out ← the factors of `a`; see {@link hessenberg}.
 *
 * @param out - h and q n × n of the dtype of `a`; one of them may be `a`.
 * @param work - at least {@link hessenbergWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {OverflowError} before anything is written.
 */
export function hessenbergInto(out: HessenbergOut, a: MatrixLike, work: Workspace): void {
  const n = checkSquare("hessenberg", a);
  checkOutputs("hessenberg", out, "h, q");
  checkWorkspace("hessenberg", work);
  const { h, q } = out;
  checkOutput("hessenberg", "h", h, n, n);
  checkSameDtype("hessenberg", h.data, a.data);
  if (q !== undefined) {
    checkOutput("hessenberg", "q", q, n, n);
    checkSameDtype("hessenberg", q.data, a.data);
    checkApart("hessenberg", "h and q", h, q);
  }
  const unit = powerOfTwo(largest("hessenberg", a, work.engine));
  work.scope(() => {
    const x = packScaled(work.engine, work.float64(n * n), a, 1 / unit);
    const basis = q === undefined ? undefined : work.float64(n * n);
    hessenbergForm(n, 0, n - 1, x, basis, work);
    checkRange("hessenberg", work.engine.largest(n * n, x, 0), unit, h.data);
    unpackScaled(work.engine, h, x, unit);
    if (q !== undefined && basis !== undefined) unpackScaled(work.engine, q, basis, 1);
  });
}

/** Bytes of scratch that {@link hessenbergInto} needs for an n × n matrix. */
export const hessenbergWorkspace = (n: number): WorkspaceSize => allOf(2 * sizeOfFloat64(n * n), realSchurWorkspace(n));
