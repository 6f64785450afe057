import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { householderWorkspace } from "../qr/householder.ts";
import { bidiagonalize, bidiagonalizeWorkspace } from "./bidiagonalize.ts";
import { dqdsValues, dqdsWorkspace } from "./dqds.ts";
import { lowerFactor, type RowSvd } from "./row-svd.ts";

/** Largest ratio of the longest row's norm to the shortest's. */
const UNEVEN = 8;
/** Up to this order Jacobi's method takes no more time for the values alone. */
const SMALL = 16;

/**
 * The decomposition of {@link rowSvd} by way of a bidiagonal matrix: by the engine's LAPACK, or values alone. False, with `x` untouched,
 * where neither can, and where Jacobi's method may give smaller values to more digits.
 *
 * A bidiagonal method leaves the smallest value a relative error of ε κ(X), Jacobi's of ε κ(D⁻¹ X), with the lengths of the rows in
 * D. As κ(X) ≤ κ(D) κ(D⁻¹ X), rows of like length leave Jacobi no more than that ratio to win.
 *
 * @see Demmel and Veselić, Jacobi's method is more accurate than QR (1992).
 */
export function bidiagonalSvd(
  operation: string,
  n: number,
  m: number,
  x: Float64Array,
  { s, right, left }: RowSvd,
  p: number,
  work: Workspace,
): boolean {
  const { lapack } = work.engine;
  const valuesAlone = right === undefined || left === undefined;
  if (lapack === undefined && !(valuesAlone && n > SMALL)) return false;
  if (n === 0 || !rowsAreEven(n, m, x, work)) return false;
  if (lapack === undefined) values(operation, n, m, x, s, work);
  else if (valuesAlone) lapack.svd(operation, n, m, x, s, undefined);
  else {
    work.scope(() => {
      const vectors = work.float64(p * m);
      lapack.svd(operation, n, m, x, s, { p, right: vectors, left });
      right.set(vectors);
    });
  }
  return true;
}

/** Scratch of {@link bidiagonalSvd}. */
export const bidiagonalSvdWorkspace = (n: number, m: number, p: number): WorkspaceSize =>
  anyOf(
    sizeOfFloat64(p * m),
    allOf(
      n === m ? 0 : allOf(sizeOfFloat64(n), sizeOfFloat64(n * n)),
      anyOf(householderWorkspace(n, m), allOf(sizeOfFloat64(n), anyOf(bidiagonalizeWorkspace(n), dqdsWorkspace(n)))),
    ),
  );

/** A long matrix is first brought to square form by an LQ factorization. */
function values(operation: string, n: number, m: number, x: Float64Array, s: Float64Array, work: Workspace): void {
  work.scope(() => {
    const square = n === m ? x : lowerFactor(n, m, x, work.float64(n), work);
    const e = work.float64(n);
    bidiagonalize(n, square, s, e, work);
    for (let i = 0; i < n; i++) {
      s[i] = s[i]! ** 2;
      e[i] = e[i]! ** 2;
    }
    dqdsValues(operation, n, s, e, work);
  });
}

function rowsAreEven(n: number, m: number, x: Float64Array, { engine }: Workspace): boolean {
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < n; i++) {
    const square = engine.dot(m, x, i * m, x, i * m);
    least = Math.min(least, square);
    most = Math.max(most, square);
  }
  return least * UNEVEN ** 2 >= most && least > 0;
}
