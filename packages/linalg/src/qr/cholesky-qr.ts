import type { Dtype, Real } from "../matrix/real.ts";
import { sizeOf, take } from "../memory/allocate.ts";
import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { factorCholesky, invertLower } from "../solve/triangular.ts";

/** Columns of q that are made at once, so that the zeros of a triangular matrix are mostly left out. */
const BLOCK = 32;

/**
 * q, lower ← Q, L of x = Q Lᵀ for packed m × l matrices of one dtype, m ≥ l, from the Cholesky factor L of xᵀx in float64.
 * Returns the condition ‖L‖ ‖L⁻¹‖ (Frobenius); where it exceeds `limit` (Infinity: there is no factor) q is not written.
 *
 * ‖QᵀQ − I‖ is of the order of ε₆₄ κ² + ε κ, with the ε of the dtype.
 *
 * @see Yamamoto, Nakatsukasa, Yanagisawa and Fukaya, Roundoff error analysis of the CholeskyQR2 algorithm (2015).
 */
export function choleskyQr(
  m: number,
  l: number,
  x: Real,
  q: Real,
  lower: Float64Array,
  limit: number,
  work: Workspace,
): number {
  const { engine } = work;
  return work.scope(() => {
    const inverse = work.float64(l * l);
    engine.gram(true, l, m, x, 0, l, lower, 0, l);
    if (factorCholesky(l, lower, work) < l) return Infinity;
    for (let i = 0; i < l; i++) lower.fill(0, i * l + i + 1, (i + 1) * l);
    invertLower(l, lower, inverse, work);
    const condition = Math.sqrt(squares(lower, work) * squares(inverse, work));
    if (!(condition <= limit)) return condition;
    const factor = take(work, x.BYTES_PER_ELEMENT === 4 ? "float32" : "float64", l * l);
    engine.convert(l * l, 1, inverse, 0, factor, 0);
    for (let j = 0; j < l; j += BLOCK) {
      const count = Math.min(BLOCK, l - j);
      engine.gemm(false, true, m, count, j + count, 1, x, 0, l, factor, j * l, l, 0, q, j, l);
    }
    return condition;
  });
}

/** Scratch of {@link choleskyQr}. */
export const choleskyQrWorkspace = (l: number, type: Dtype): WorkspaceSize =>
  allOf(sizeOfFloat64(l * l), sizeOf(type, l * l));

const squares = (x: Float64Array, { engine }: Workspace): number => engine.dot(x.length, x, 0, x, 0);
