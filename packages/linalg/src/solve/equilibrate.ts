import { exponentOf, timesPowerOfTwo } from "../memory/scale.ts";
import { allOf, sizeOfFloat64, sizeOfInt32, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";

/**
 * Rows, or columns, whose largest elements differ by a factor of more than 2¹⁰⁰ are in different units. Up to there an elimination on
 * elements up to one loses no digit below 2⁻¹⁰²².
 */
const ONE_UNIT = 2 ** 100;
/** Elements up to here, and down to its reciprocal, are far from the ends of the range. */
const SAFE = 2 ** 300;

/** Exponents e of the powers of two 2ᵉ by which the rows and columns of a matrix were divided. */
export interface Equilibration {
  readonly rows: Int32Array;
  readonly cols: Int32Array;
}

/**
 * The packed m × n matrix `x` ← itself with rows and columns divided by powers of two where they are in different units, or near the
 * ends of the range: then the largest element of each row and column lies near one. Exact but for elements that vanish beside both
 * their row and their column.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), §7.3, and LAPACK's geequb.
 */
export function equilibrate(x: Float64Array, m: number, n: number, work: Workspace): Equilibration {
  const rows = work.int32(m);
  const cols = work.int32(n).fill(0);
  if (isInOneUnit(x, m, n, rows, work)) {
    rows.fill(0);
    return { rows, cols };
  }
  // The columns' exponents are relative to those of the rows: the quotients themselves may lie outside the range.
  for (let j = 0; j < n; j++) {
    let most = -Infinity;
    for (let i = 0; i < m; i++) {
      const value = x[i * n + j]!;
      if (value !== 0) most = Math.max(most, exponentOf(value) - rows[i]!);
    }
    if (most !== -Infinity) cols[j] = most;
  }
  for (let i = 0, at = 0; i < m; i++) {
    for (let j = 0; j < n; j++, at++) x[at] = timesPowerOfTwo(x[at]!, -rows[i]! - cols[j]!);
  }
  return { rows, cols };
}

/** Scratch of {@link equilibrate} beside the matrix. */
export const equilibrationWorkspace = (m: number, n: number): WorkspaceSize =>
  allOf(sizeOfInt32(m), sizeOfInt32(n), sizeOfFloat64(n));

/**
 * Whether the largest elements of all rows and columns lie near each other, and far from the ends of the range. out_i ← the exponent of
 * the largest element of row i, 0 for a row of zeros.
 */
function isInOneUnit(x: Float64Array, m: number, n: number, out: Int32Array, work: Workspace): boolean {
  return work.scope(() => {
    const columns = work.float64(n).fill(0);
    let [most, least] = [0, Infinity];
    for (let i = 0, at = 0; i < m; i++) {
      let largest = 0;
      for (let j = 0; j < n; j++, at++) {
        const size = Math.abs(x[at]!);
        if (size > largest) largest = size;
        if (size > columns[j]!) columns[j] = size;
      }
      out[i] = largest === 0 ? 0 : exponentOf(largest);
      most = Math.max(most, largest);
      if (largest > 0) least = Math.min(least, largest);
    }
    for (const largest of columns) if (largest > 0) least = Math.min(least, largest);
    return most === 0 || (most <= SAFE && least >= 1 / SAFE && most / least <= ONE_UNIT);
  });
}
