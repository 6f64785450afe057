import { sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import type { RowSvd } from "./row-svd.ts";

/** Largest ratio of the longest row's norm to the shortest's. */
const UNEVEN = 8;

/**
 * The decomposition of {@link rowSvd} by the engine's LAPACK; false, with `x` untouched, where it has none or where Jacobi's method
 * may give smaller values to more digits.
 *
 * A bidiagonal method leaves the smallest value a relative error of ε κ(X), Jacobi's of ε κ(D⁻¹ X), with the lengths of the rows in
 * D. As κ(X) ≤ κ(D) κ(D⁻¹ X), rows of like length leave Jacobi no more than that ratio to win.
 *
 * @see Demmel and Veselić, Jacobi's method is more accurate than QR (1992).
 */
export function lapackSvd(
  operation: string,
  n: number,
  m: number,
  x: Float64Array,
  { s, right, left }: RowSvd,
  p: number,
  work: Workspace,
): boolean {
  const { lapack } = work.engine;
  if (lapack === undefined || n === 0 || !rowsAreEven(n, m, x, work)) return false;
  if (right === undefined || left === undefined) {
    lapack.svd(operation, n, m, x, s, undefined);
    return true;
  }
  work.scope(() => {
    const vectors = work.float64(p * m);
    lapack.svd(operation, n, m, x, s, { p, right: vectors, left });
    right.set(vectors);
  });
  return true;
}

/** Scratch of {@link lapackSvd}. */
export const lapackSvdWorkspace = (m: number, p: number): WorkspaceSize => sizeOfFloat64(p * m);

function rowsAreEven(n: number, m: number, x: Float64Array, { engine }: Workspace): boolean {
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < n; i++) {
    const square = engine.dot(m, x, i * m, x, i * m);
    least = Math.min(least, square);
    most = Math.max(most, square);
  }
  return least * UNEVEN ** 2 >= most && least > 0;
}
