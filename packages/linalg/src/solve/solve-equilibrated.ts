import type { MatrixLike } from "../matrix/matrix.ts";
import { checkRange, exponentOf, shiftRow, unpackScaled } from "../memory/scale.ts";
import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { equilibrate, equilibrationWorkspace } from "./equilibrate.ts";

/** Exponents between which the largest element of a right-hand side stays as it is, so that elements far below it keep their digits. */
const [LOW, HIGH] = [-500, 1000];

/** A system A x = b of order n with p right-hand sides. */
export interface System {
  readonly n: number;
  readonly p: number;
  /** Writes A, packed n × n, or Aᵀ if `transposed`. */
  matrix(out: Float64Array): void;
  readonly transposed?: boolean;
  /** Writes b, packed n × p. */
  right(out: Float64Array): void;
  /** X ← A⁻¹ X, with the matrix as `matrix` wrote it, but equilibrated. May spoil it. */
  solve(matrix: Float64Array, x: Float64Array): void;
}

/**
 * out ← A⁻¹ b through the equilibrated matrix Â: x = C⁻¹ Â⁻¹ R⁻¹ b for A = R Â C.
 *
 * @throws {OverflowError} if x is outside the range of the dtype of `out`, before it is written; and as `solve`.
 */
export function solveEquilibrated(
  operation: string,
  out: MatrixLike,
  system: System,
  work: Workspace,
  highest: number = HIGH,
): void {
  const { n, p } = system;
  const overflowed = work.scope(() => {
    const matrix = work.float64(n * n);
    const x = work.float64(n * p);
    system.matrix(matrix);
    system.right(x);
    const scaling = equilibrate(matrix, n, n, work);
    const [rows, cols] = system.transposed ? [scaling.cols, scaling.rows] : [scaling.rows, scaling.cols];
    const largest = largestExponent(n, p, x, rows);
    const shift = largest > highest ? largest - highest : largest < LOW ? largest - LOW : 0;
    for (let i = 0; i < n; i++) shiftRow(x, i, p, -rows[i]! - shift);
    system.solve(matrix, x);
    const most = work.engine.largest(n * p, x, 0);
    // A sum may have overflowed where the solution does not: once more, from elements up to one.
    if (highest > 0 && !Number.isFinite(most)) return true;
    for (let i = 0; i < n; i++) shiftRow(x, i, p, shift - cols[i]!);
    checkRange(operation, work.engine.largest(n * p, x, 0), 1, out.data);
    unpackScaled(work.engine, out, x, 1);
    return false;
  });
  if (overflowed) solveEquilibrated(operation, out, system, work, 0);
}

/** Scratch of {@link solveEquilibrated} beside that of its system. */
export const equilibratedWorkspace = (n: number, p: number): WorkspaceSize =>
  allOf(sizeOfFloat64(n * n), sizeOfFloat64(n * p), equilibrationWorkspace(n, n));

/** Exponent of the largest element of the packed n × p matrix `x` after row i was divided by 2^(rows_i); 0 if all are zero. */
function largestExponent(n: number, p: number, x: Float64Array, rows: Int32Array): number {
  let most = -Infinity;
  for (let i = 0; i < n; i++) {
    let largest = 0;
    for (let at = i * p; at < (i + 1) * p; at++) largest = Math.max(largest, Math.abs(x[at]!));
    if (largest > 0) most = Math.max(most, exponentOf(largest) - rows[i]!);
  }
  return most === -Infinity ? 0 : most;
}
