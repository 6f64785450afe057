import { symmetricEigen, symmetricEigenWorkspace } from "../eigh/symmetric-eigen.ts";
import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaleRow } from "../rows/sign.ts";
import { sortRows } from "../rows/sort-rows.ts";
import type { RowSvd } from "./row-svd.ts";

/** Up to this condition vectors from a Gram matrix in float64 are orthonormal to ε₆₄ κ² = 2e-8, a third of float32's rounding. */
const CONDITION = 1e4;

/**
 * The decomposition of {@link rowSvd}, without completing rows, for numbers that came from float32, where the eigenvectors of
 * the Gram matrix are good enough; false, with `x` untouched, where the condition is too large for that.
 */
export function gramSvd(
  operation: string,
  n: number,
  m: number,
  x: Float64Array,
  { s, right, left }: RowSvd,
  work: Workspace,
): boolean {
  const { engine } = work;
  return work.scope(() => {
    const gram = work.float64(n * n);
    const vectors = work.float64(n * n);
    engine.gram(false, n, m, x, 0, m, gram, 0, n);
    symmetricEigen(operation, n, gram, s, right === undefined && left === undefined ? undefined : vectors, work);
    if (n > 0 && !(s[n - 1]! * CONDITION ** 2 > s[0]!)) return false;
    for (let i = 0; i < n; i++) s[i] = Math.sqrt(s[i]!);
    if (right !== undefined) {
      const product = work.float64(n * m);
      engine.gemm(false, false, n, m, n, 1, vectors, 0, n, x, 0, m, 0, product, 0, m);
      for (let i = 0; i < n; i++) {
        s[i] = Math.sqrt(engine.dot(m, product, i * m, product, i * m));
        scaleRow(product, i, m, 1 / s[i]!);
      }
      sortRows(n, s, product, vectors);
      right.set(product);
    }
    left?.set(vectors);
    return true;
  });
}

/** Scratch of {@link gramSvd}. */
export const gramSvdWorkspace = (n: number, m: number): WorkspaceSize =>
  allOf(2 * sizeOfFloat64(n * n), sizeOfFloat64(n * m), symmetricEigenWorkspace(n));
