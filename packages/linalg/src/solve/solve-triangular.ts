import { checkOptions, type OptionKinds } from "../arguments.ts";
import { SingularError } from "../errors.ts";
import { checkOutput, checkSameDtype, checkShape, checkSquare } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { largest, packScaled } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { equilibratedWorkspace, solveEquilibrated } from "./solve-equilibrated.ts";
import { solveLower } from "./triangular.ts";

/** Options of {@link solveTriangular}. */
export interface SolveTriangularOptions {
  /** Read the lower triangle instead of the upper. Default false, as in SciPy. */
  readonly lower?: boolean;
  /** Solve aᵀ x = b. */
  readonly transpose?: boolean;
  /** Take the diagonal as ones. */
  readonly unitDiagonal?: boolean;
}

const OPTIONS: OptionKinds<SolveTriangularOptions> = {
  lower: "boolean",
  transpose: "boolean",
  unitDiagonal: "boolean",
};

/**
 * Solves a x = b, or aᵀ x = b, for a triangular matrix, by substitution in float64.
 *
 * @param a - n × n, any strides; only the named triangle is read, though all of it must be finite.
 * @param b - n × p of the same dtype; a vector is n × 1.
 * @returns a new n × p matrix of that dtype.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError}
 * @throws {SingularError} with the index of the first zero on the diagonal. @throws {OverflowError}
 * Accuracy: x solves (a + e) x = b with |e| ≤ n ε |a|, elementwise. Cost: n²p flops.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), theorem 8.5.
 *
 * @example
 * solveTriangular(fromRows([[2, 1], [0, 4]]), fromRows([[4], [8]])); // [[1], [2]]
 */
export function solveTriangular<D extends Real>(
  a: MatrixLike<D>,
  b: MatrixLike<D>,
  options: SolveTriangularOptions = {},
): Matrix<D> {
  const n = checkSquare("solveTriangular", a);
  checkMatrix("solveTriangular", b, "b");
  checkShape("solveTriangular", "b", b, n, b.shape[1]!);
  const out = zerosLike("solveTriangular", b, n, b.shape[1]!);
  return withWorkspace("solveTriangular", solveTriangularWorkspace(n, b.shape[1]!), (work) =>
    solveTriangularInto(out, a, b, work, options),
  );
}

/**
 * out ← the solution; see {@link solveTriangular}.
 *
 * @param out - n × p; may be `b`.
 * @param work - at least {@link solveTriangularWorkspace} bytes.
 * @throws as {@link solveTriangular}, before anything is written.
 */
export function solveTriangularInto<M extends MatrixLike>(
  out: M,
  a: MatrixLike,
  b: MatrixLike,
  work: Workspace,
  options: SolveTriangularOptions = {},
): M {
  const n = checkSquare("solveTriangular", a);
  checkMatrix("solveTriangular", b, "b");
  checkOptions("solveTriangular", options, OPTIONS);
  checkWorkspace("solveTriangular", work);
  const { lower = false, transpose = false, unitDiagonal = false } = options;
  const p = b.shape[1]!;
  checkShape("solveTriangular", "b", b, n, p);
  checkOutput("solveTriangular", "out", out, n, p);
  for (const data of [out.data, b.data]) checkSameDtype("solveTriangular", data, a.data);
  for (const x of [a, b]) largest("solveTriangular", x, work.engine);
  // An upper triangle is the transpose of a lower one.
  const isLower = lower !== transpose;
  const system = {
    n,
    p,
    transposed: !isLower,
    matrix: (l: Float64Array) => writeLower(n, packScaled(work.engine, l, a, 1, !lower), unitDiagonal),
    right: (x: Float64Array) => packScaled(work.engine, x, b, 1),
    solve: (l: Float64Array, x: Float64Array) => solveLower(n, l, !isLower, false, p, x, work),
  };
  solveEquilibrated("solveTriangular", out, system, work);
  return out;
}

/** l ← its lower triangle, with ones on the diagonal if `unit`. @throws {SingularError} for a zero on the diagonal. */
function writeLower(n: number, l: Float64Array, unit: boolean): void {
  for (let i = 0; i < n; i++) {
    if (unit) l[i * n + i] = 1;
    if (l[i * n + i] === 0) throw new SingularError("solveTriangular", `singular: zero at [${i}, ${i}]`);
    l.fill(0, i * n + i + 1, (i + 1) * n);
  }
}

/** Bytes of scratch that {@link solveTriangularInto} needs for n × n and n × p matrices. */
export const solveTriangularWorkspace = (n: number, p: number): WorkspaceSize => equilibratedWorkspace(n, p);
