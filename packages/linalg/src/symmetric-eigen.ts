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
    tridiagonalize(engine, n, a, values, e, tau, work);
    if (vectors !== undefined) {
      vectors.fill(0);
      for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
    }
    tridiagonalQl(engine, operation, n, values, e, c, s, vectors, n);
    if (vectors === undefined) return values.sort().reverse();
    applyReflectors(engine, n, n, a, tau, vectors);
    sortRows(n, values, vectors);
  });
}

export const symmetricEigenWorkspace = (n: number): WorkspaceSize =>
  allOf(4 * sizeOfFloat64(n), tridiagonalizeWorkspace(n));

/** Sorts n values descending, and the rows of packed matrices of n rows with them (selection: at most n exchanges of rows). */
export function sortRows(n: number, values: Float64Array, ...matrices: Float64Array[]): void {
  for (let i = 0; i < n; i++) {
    let most = i;
    for (let j = i + 1; j < n; j++) if (values[j]! > values[most]!) most = j;
    if (most === i) continue;
    const value = values[i]!;
    values[i] = values[most]!;
    values[most] = value;
    for (const x of matrices) swapRows(x, x.length / n, i, most);
  }
}

function swapRows(x: Float64Array, m: number, i: number, j: number): void {
  for (let p = i * m, q = j * m, end = p + m; p < end; p++, q++) {
    const t = x[p]!;
    x[p] = x[q]!;
    x[q] = t;
  }
}
