import { factorRows, formRows, householderWorkspace } from "./householder.ts";
import type { Real } from "./matrix.ts";
import { packScaled, unpackScaled } from "./scale.ts";
import { diagonalRatio, factorCholesky, invertLower } from "./triangular.ts";
import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "./workspace.ts";

/** Past this estimate of the condition Cholesky's factor is too far from orthogonal for a second pass to mend safely. */
const CHOLESKY_CONDITION = 1e6;
/** Up to this condition one pass in float64 is orthonormal to ε₆₄ κ² = 2e-12, far below float32. */
const SINGLE_PASS_CONDITION = 100;

/**
 * Columns of the packed m × l matrix `y`, l ≤ m, ← an orthonormal basis of their span, completed where they are dependent.
 *
 * CholeskyQR twice, in float64; Householder where the columns are too close to dependent for it.
 * `rough`: one pass, for a basis that is only a step on the way.
 *
 * @see Yamamoto, Nakatsukasa, Yanagisawa and Fukaya, Roundoff error analysis of the CholeskyQR2 algorithm (2015).
 */
export function orthonormalizeColumns(m: number, l: number, y: Real, rough: boolean, work: Workspace): void {
  work.scope(() => {
    const q = packScaled(work.engine, work.float64(m * l), packed(y, m, l), 1);
    const condition = choleskyPass(m, l, q, work);
    if (!(condition < CHOLESKY_CONDITION)) return householderBasis(m, l, y, work);
    const enough = rough || (y.BYTES_PER_ELEMENT === 4 && condition < SINGLE_PASS_CONDITION);
    if (!enough) choleskyPass(m, l, q, work);
    y.set(q);
  });
}

export const orthonormalizeColumnsWorkspace = (m: number, l: number): WorkspaceSize =>
  allOf(
    sizeOfFloat64(m * l),
    anyOf(
      allOf(2 * sizeOfFloat64(l * l), sizeOfFloat64(m * l)),
      allOf(sizeOfFloat64(m * l), sizeOfFloat64(l), householderWorkspace(l, m)),
    ),
  );

/** q ← q R⁻¹ with Rᵀ R = qᵀ q. Returns an estimate of the condition of q, infinite if there is no such R (q is then as it was). */
function choleskyPass(m: number, l: number, q: Float64Array, work: Workspace): number {
  return work.scope(() => {
    const gram = work.float64(l * l);
    const inverse = work.float64(l * l);
    const product = work.float64(m * l);
    work.engine.gram(true, l, m, q, 0, l, gram, 0, l);
    if (factorCholesky(l, gram, work) < l) return Infinity;
    const condition = diagonalRatio(l, gram);
    if (!(condition < CHOLESKY_CONDITION)) return condition;
    invertLower(l, gram, inverse, work);
    work.engine.gemm(false, true, m, l, l, 1, q, 0, l, inverse, 0, l, 0, product, 0, l);
    q.set(product);
    return condition;
  });
}

function householderBasis(m: number, l: number, y: Real, work: Workspace): void {
  const rows = packScaled(work.engine, work.float64(l * m), packed(y, m, l), 1, true);
  const tau = work.float64(l);
  factorRows(l, m, rows, tau, work);
  formRows(l, l, m, rows, tau, work);
  unpackScaled(work.engine, { data: y, shape: [l, m], stride: [1, l], offset: 0 }, rows, 1);
}

const packed = (data: Real, rows: number, cols: number) => ({
  data,
  shape: [rows, cols],
  stride: [cols, 1],
  offset: 0,
});
