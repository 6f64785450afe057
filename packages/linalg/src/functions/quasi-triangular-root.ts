import { createSmallSystem, type SmallSystem, solveSmall } from "../eig/small-system.ts";
import type { Engine } from "../engine/engine.ts";
import { DomainError } from "../errors.ts";
import { sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { blockIm, sizeAt } from "./quasi-triangular.ts";

const SAFE_MIN = 2 ** -1022;

/**
 * r ← the principal square root of the packed n × n matrix `t` in real Schur form with standard blocks; so is r. Negative eigenvalues
 * are taken as zero, and so are elements up to `negligible` that belong to two of them.
 *
 * @throws {DomainError} if another such element is not zero: the eigenvalue 0 is defective.
 * @see Higham, Computing real square roots of a real matrix (1987).
 */
export function quasiTriangularRoot(
  operation: string,
  n: number,
  t: Float64Array,
  negligible: number,
  r: Float64Array,
  work: Workspace,
): void {
  const { engine } = work;
  r.fill(0);
  for (let k = 0; k < n; k += sizeAt(n, t, k)) rootOfBlock(n, t, r, k);
  work.scope(() => {
    // Columns of r in two rows, so that sums over them run along memory.
    const columns = work.float64(2 * n);
    const system = createSmallSystem();
    for (let j = 0; j < n; j += sizeAt(n, t, j)) {
      const width = sizeAt(n, t, j);
      for (let q = 0; q < width; q++) for (let p = 0; p < width; p++) columns[q * n + j + p] = r[(j + p) * n + j + q]!;
      for (let i = j - 1; i >= 0; i--) {
        const height = i > 0 && t[i * n + i - 1] !== 0 ? 2 : 1;
        i -= height - 1;
        const block: OffDiagonal = { i, j, height, width };
        if (height * width === 1) solveOne(operation, engine, n, t, negligible, r, columns, i, j);
        else solveBlock(engine, n, t, r, columns, block, system);
      }
    }
  });
}

/** Scratch of {@link quasiTriangularRoot}. */
export const quasiTriangularRootWorkspace = (n: number): WorkspaceSize => sizeOfFloat64(2 * n);

/** Rows and columns of a block above the diagonal. */
interface OffDiagonal {
  readonly i: number;
  readonly j: number;
  readonly height: number;
  readonly width: number;
}

function rootOfBlock(n: number, t: Float64Array, r: Float64Array, k: number): void {
  const at = k * n + k;
  const re = t[at]!;
  if (sizeAt(n, t, k) === 1) {
    r[at] = Math.sqrt(Math.max(0, re));
    return;
  }
  const [upper, lower] = [t[at + 1]!, t[at + n]!];
  const im = blockIm(upper, lower);
  const size = Math.hypot(re, im);
  const root = re >= 0 ? Math.sqrt((size + re) / 2) : im / Math.sqrt(2 * (size - re));
  r[at] = r[at + n + 1] = root;
  r[at + 1] = upper / root / 2;
  r[at + n] = lower / root / 2;
}

/** r_ij from t_ij = Σ r_ik r_kj between two real eigenvalues. */
function solveOne(
  operation: string,
  engine: Engine,
  n: number,
  t: Float64Array,
  negligible: number,
  r: Float64Array,
  columns: Float64Array,
  i: number,
  j: number,
): void {
  const right = t[i * n + j]! - engine.dot(j - i - 1, r, i * n + i + 1, columns, i + 1);
  const sum = r[i * n + i]! + r[j * n + j]!;
  if (sum === 0 && Math.abs(right) > negligible) {
    throw new DomainError(operation, "expected no defective eigenvalue 0, got one: no square root exists");
  }
  columns[i] = r[i * n + j] = sum === 0 ? 0 : right / sum;
}

/** The block of r that solves r_ii x + x r_jj = t_ij − Σ r_ik r_kj. */
function solveBlock(
  engine: Engine,
  n: number,
  t: Float64Array,
  r: Float64Array,
  columns: Float64Array,
  { i, j, height, width }: OffDiagonal,
  system: SmallSystem,
): void {
  const { matrix, right, solution } = system;
  const from = i + height;
  const order = height * width;
  matrix.fill(0);
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      const row = p * width + q;
      const sum = engine.dot(j - from, r, (i + p) * n + from, columns, q * n + from);
      right[row] = t[(i + p) * n + j + q]! - sum;
      for (let k = 0; k < height; k++) matrix[row * order + k * width + q]! += r[(i + p) * n + i + k]!;
      for (let k = 0; k < width; k++) matrix[row * order + p * width + k]! += r[(j + k) * n + j + q]!;
    }
  }
  solveSmall(order, system, SAFE_MIN);
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      columns[q * n + i + p] = r[(i + p) * n + j + q] = solution[p * width + q]!;
    }
  }
}
