import { sortRows } from "./sort-rows.ts";
import { applyReflectors, tridiagonalize, tridiagonalizeWorkspace } from "./tridiagonal.ts";
import { tridiagonalQl } from "./tridiagonal-ql.ts";
import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "./workspace.ts";

/**
 * Spectrum of the packed symmetric n × n matrix `a`, which is spoiled: eigenvalues, descending, to `values`, and the eigenvectors
 * as rows in the same order to `vectors` (packed n × n) if it is given. Entries must be scaled so that squares do not overflow.
 *
 * @throws {NotConvergedError}
 */
export function symmetricEigen(
  operation: string,
  n: number,
  a: Float64Array,
  values: Float64Array,
  vectors: Float64Array | undefined,
  work: Workspace,
): void {
  const { engine } = work;
  work.scope(() => {
    const e = work.float64(n);
    const tau = work.float64(n);
    const c = work.float64(n);
    const s = work.float64(n);
    tridiagonalize(n, a, values, e, tau, work);
    if (vectors !== undefined) {
      vectors.fill(0);
      for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
    }
    tridiagonalQl(engine, operation, n, values, e, c, s, vectors, n);
    if (vectors === undefined) return values.sort().reverse();
    applyReflectors(n, n, a, tau, vectors, work);
    sortRows(n, values, vectors);
  });
}

export const symmetricEigenWorkspace = (n: number): WorkspaceSize =>
  allOf(4 * sizeOfFloat64(n), tridiagonalizeWorkspace(n));
