import type { Engine } from "../engine/engine.ts";
import { NotConvergedError } from "../errors.ts";

const EPS = Number.EPSILON;
/** LAPACK's bound (dsteqr): far above the two or so that an eigenvalue takes. */
const MAX_ITERATIONS = 30;

/**
 * Eigenvalues of rows low … high − 1 of the symmetric tridiagonal matrix with diagonal `d` and neighbours `e`, by implicit QL with
 * Wilkinson's shift. On exit `d` holds them in no order and `e` is spoiled; it has one element more than neighbours.
 * Of `z`, with rows ldz apart, the same rows from column `column` on are rotated along, m elements each: from those of the identity
 * they become the eigenvectors. With m = 0 there are none. Neighbours up to `negligible` count as zero.
 *
 * @throws {NotConvergedError}
 * @see Parlett, The Symmetric Eigenvalue Problem (1998), §8.14. Deviates: a neighbour is negligible
 * against the whole matrix, so that noise beside zeros on the diagonal cannot stall the iteration.
 */
export function tridiagonalQl(
  engine: Engine,
  operation: string,
  low: number,
  high: number,
  d: Float64Array,
  e: Float64Array,
  z: Float64Array,
  column: number,
  m: number,
  ldz: number,
  negligible: number = EPS * largestEntry(low, high, d, e),
): void {
  for (let first = low; first < high; first++) {
    for (let iteration = 0; ; iteration++) {
      const last = blockEnd(first, high, e, negligible);
      if (last === first) break;
      if (iteration === MAX_ITERATIONS) {
        throw new NotConvergedError(operation, { iterations: iteration, residual: Math.abs(e[first]!) });
      }
      engine.qlSweep(first, last, d, e, z, column, m, ldz);
    }
  }
}

/** Largest magnitude in rows low … high − 1. */
export function largestEntry(low: number, high: number, d: Float64Array, e: Float64Array): number {
  let most = 0;
  for (let i = low; i < high; i++) most = Math.max(most, Math.abs(d[i]!), i < high - 1 ? Math.abs(e[i]!) : 0);
  return most;
}

/** Index of the last row of the unreduced block that starts at `first`. */
function blockEnd(first: number, high: number, e: Float64Array, negligible: number): number {
  let i = first;
  while (i < high - 1 && Math.abs(e[i]!) > negligible) i++;
  return i;
}
