import type { Real } from "../matrix/real.ts";
import { take } from "../memory/allocate.ts";
import { packScaled, unpackScaled } from "../memory/scale.ts";
import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { choleskyQr, choleskyQrWorkspace } from "./cholesky-qr.ts";
import { factorRows, formRows, householderWorkspace } from "./householder.ts";

/** Past this condition Cholesky's factor is too far from orthogonal for a second pass to mend safely. */
const CHOLESKY_CONDITION = 1e6;
/** Up to this condition one pass in float64 is orthonormal to ε₆₄ κ² = 2e-10, far below float32. */
const SINGLE_PASS_CONDITION = 1e3;

/**
 * Columns of the packed m × l matrix `y`, l ≤ m, ← an orthonormal basis of their span, completed where they are dependent.
 *
 * CholeskyQR twice, in float64; Householder where the columns are too close to dependent for it.
 * `rough`: one pass in the dtype of `y`, for a basis that is only a step on the way.
 */
export function orthonormalizeColumns(m: number, l: number, y: Real, rough: boolean, work: Workspace): void {
  const done = rough ? onePass(m, l, y, work) : twoPasses(m, l, y, work);
  if (!done) work.scope(() => householderBasis(m, l, y, work));
}

export const orthonormalizeColumnsWorkspace = (m: number, l: number): WorkspaceSize =>
  allOf(
    2 * sizeOfFloat64(m * l),
    anyOf(
      allOf(sizeOfFloat64(l * l), choleskyQrWorkspace(l, "float64")),
      allOf(sizeOfFloat64(l), householderWorkspace(l, m)),
    ),
  );

function onePass(m: number, l: number, y: Real, work: Workspace): boolean {
  return work.scope(() => {
    const lower = work.float64(l * l);
    const q = take(work, y.BYTES_PER_ELEMENT === 4 ? "float32" : "float64", m * l);
    if (!(choleskyQr(m, l, y, q, lower, SINGLE_PASS_CONDITION, work) <= SINGLE_PASS_CONDITION)) return false;
    y.set(q);
    return true;
  });
}

function twoPasses(m: number, l: number, y: Real, work: Workspace): boolean {
  const { engine } = work;
  return work.scope(() => {
    const lower = work.float64(l * l);
    const x = work.float64(m * l);
    const q = work.float64(m * l);
    engine.convert(m * l, 1, y, 0, x, 0);
    const condition = choleskyQr(m, l, x, q, lower, CHOLESKY_CONDITION, work);
    if (!(condition <= CHOLESKY_CONDITION)) return false;
    const single = y.BYTES_PER_ELEMENT === 4;
    if (single && condition <= SINGLE_PASS_CONDITION) {
      engine.convert(m * l, 1, q, 0, y, 0);
      return true;
    }
    choleskyQr(m, l, q, x, lower, CHOLESKY_CONDITION, work);
    engine.convert(m * l, 1, x, 0, y, 0);
    return true;
  });
}

function householderBasis(m: number, l: number, y: Real, work: Workspace): void {
  const view = { data: y, shape: [l, m], stride: [1, l], offset: 0 };
  const rows = packScaled(work.engine, work.float64(l * m), view, 1);
  const tau = work.float64(l);
  factorRows(l, m, rows, tau, work);
  formRows(l, l, m, rows, tau, work);
  unpackScaled(work.engine, view, rows, 1);
}
