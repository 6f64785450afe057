import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { sortRows } from "../rows/sort-rows.ts";
import { divideAndConquer, divideAndConquerWorkspace } from "./divide-and-conquer.ts";
import { applyReflectors, tridiagonalize, tridiagonalizeWorkspace } from "./tridiagonal.ts";
import { tridiagonalQl } from "./tridiagonal-ql.ts";

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
  const { lapack } = work.engine;
  if (lapack !== undefined) {
    lapack.symmetricEigen(operation, n, a, values, vectors);
    return;
  }
  work.scope(() => {
    const e = work.float64(n);
    const tau = work.float64(n);
    tridiagonalize(n, a, values, e, tau, work);
    if (vectors === undefined) {
      tridiagonalQl(work.engine, operation, 0, n, values, e, a, 0, 0, n);
      values.sort().reverse();
      return;
    }
    divideAndConquer(operation, n, values, e, vectors, work);
    applyReflectors(n, a, tau, vectors, work);
    sortRows(n, values, vectors);
  });
}

export const symmetricEigenWorkspace = (n: number): WorkspaceSize =>
  allOf(2 * sizeOfFloat64(n), anyOf(tridiagonalizeWorkspace(n), divideAndConquerWorkspace(n)));
