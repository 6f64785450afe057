import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { makeReflector } from "../qr/householder.ts";

/** Rows and columns that are reduced before the rest of the matrix is updated with all of them at once. */
const BLOCK = 32;

/**
 * Reduces the packed n × n matrix `a`, which is spoiled, to upper bidiagonal form by reflectors from both sides: d ← the diagonal,
 * e ← the elements right of it, and a zero.
 *
 * Within a block, `a` stays as it is and stands for A − leftᵀ right, which gets two rows a step: half of the operations are products of
 * matrices, the other half of a matrix and a vector. Cost: (8/3) n³ flops.
 *
 * @see Dongarra, Sorensen and Hammarling, Block reduction of matrices to condensed forms for eigenvalue computations (1989).
 */
export function bidiagonalize(n: number, a: Float64Array, d: Float64Array, e: Float64Array, work: Workspace): void {
  const { engine } = work;
  work.scope(() => {
    const left = work.float64(2 * BLOCK * n);
    const right = work.float64(2 * BLOCK * n);
    const factors = work.float64(2 * BLOCK);
    for (let first = 0; first < n; first += BLOCK) {
      const last = Math.min(first + BLOCK, n);
      left.fill(0);
      right.fill(0);
      for (let i = first; i < last; i++) {
        const [height, width] = [n - i, n - i - 1];
        const done = 2 * (i - first); // rows of `left` and `right` so far
        const u = done * n + i; // column i from row i on becomes the reflector u
        const y = done * n + i + 1;
        const v = (done + 1) * n + i + 1; // row i from column i + 1 on becomes the reflector v
        const x = v;

        for (let j = 0; j < height; j++) left[u + j] = a[(i + j) * n + i]!;
        for (let p = 0; p < done; p++) factors[p] = right[p * n + i]!;
        engine.gemv(true, done, height, -1, left, i, n, factors, 0, 1, left, u);
        const tauLeft = makeReflector(left, u, height);
        d[i] = left[u]!;
        if (width === 0) {
          e[i] = 0;
          break;
        }
        left[u] = 1;
        engine.gemv(true, height, width, tauLeft, a, i * n + i + 1, n, left, u, 0, right, y);
        engine.gemv(false, done, height, tauLeft, left, i, n, left, u, 0, factors, 0);
        engine.gemv(true, done, width, -1, right, i + 1, n, factors, 0, 1, right, y);

        right.set(a.subarray(i * n + i + 1, (i + 1) * n), v);
        for (let p = 0; p <= done; p++) factors[p] = left[p * n + i]!;
        engine.gemv(true, done + 1, width, -1, right, i + 1, n, factors, 0, 1, right, v);
        const tauRight = makeReflector(right, v, width);
        e[i] = right[v]!;
        right[v] = 1;
        engine.gemv(false, width, width, tauRight, a, (i + 1) * n + i + 1, n, right, v, 0, left, x);
        engine.gemv(false, done + 1, width, tauRight, right, i + 1, n, right, v, 0, factors, 0);
        engine.gemv(true, done + 1, width, -1, left, i + 1, n, factors, 0, 1, left, x);
      }
      const rest = n - last;
      engine.gemm(true, false, rest, rest, 2 * BLOCK, -1, left, last, n, right, last, n, 1, a, last * n + last, n);
    }
  });
}

/** Scratch of {@link bidiagonalize}. */
export const bidiagonalizeWorkspace = (n: number): WorkspaceSize =>
  allOf(2 * sizeOfFloat64(2 * BLOCK * n), sizeOfFloat64(2 * BLOCK));
