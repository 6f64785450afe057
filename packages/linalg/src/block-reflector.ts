import type { Workspace, WorkspaceSize } from "./workspace.ts";
import { allOf, sizeOfFloat64 } from "./workspace.ts";

/** Reflectors that are applied together; past this the triangular factors cost more than they save. */
export const BLOCK = 32;

/**
 * k reflectors whose vectors lie in rows: v_i is row i of an array, from column i on, with v_i(i) = 1 understood.
 * Their product is H₀ … H_{k−1} = I − Vᵀ T V with T upper triangular (the compact WY form).
 *
 * @see Schreiber and Van Loan, A storage-efficient WY representation (1989).
 */
export interface Reflectors {
  /** Number of reflectors, at most {@link BLOCK}. */
  readonly k: number;
  /** Length of the first of them. */
  readonly n: number;
  readonly v: Float64Array;
  readonly vOffset: number;
  readonly ldv: number;
  readonly tau: Float64Array;
  readonly tauOffset: number;
}

/**
 * The m × n rows at `x` ← X H₀ … H_{k−1}, or X H_{k−1} … H₀ if `reversed`, as three matrix products.
 * X may share the array of V, apart from V's rows.
 */
export function applyBlock(
  h: Reflectors,
  reversed: boolean,
  m: number,
  x: Float64Array,
  xOffset: number,
  ldx: number,
  work: Workspace,
): void {
  const { k, n } = h;
  if (m === 0 || k === 0) return;
  const { engine } = work;
  work.scope(() => {
    const v = unitRows(h, work.float64(k * n));
    const t = triangularFactor(h, v, work);
    const xv = work.float64(m * k);
    const xvt = work.float64(m * k);
    engine.gemm(false, true, m, k, n, 1, x, xOffset, ldx, v, 0, n, 0, xv, 0, k);
    engine.gemm(false, reversed, m, k, k, 1, xv, 0, k, t, 0, k, 0, xvt, 0, k);
    engine.gemm(false, false, m, n, k, -1, xvt, 0, k, v, 0, n, 1, x, xOffset, ldx);
  });
}

/** Scratch for blocks of reflectors of length n on m rows. */
export const applyBlockWorkspace = (m: number, n: number): WorkspaceSize =>
  allOf(sizeOfFloat64(BLOCK * n), 2 * sizeOfFloat64(BLOCK * BLOCK), 2 * sizeOfFloat64(m * BLOCK));

/** V with its ones and zeros written out. */
function unitRows({ k, n, v, vOffset, ldv }: Reflectors, out: Float64Array): Float64Array {
  for (let i = 0; i < k; i++) {
    out.fill(0, i * n, i * n + i);
    out[i * n + i] = 1;
    for (let j = i + 1; j < n; j++) out[i * n + j] = v[vOffset + i * ldv + j]!;
  }
  return out;
}

/** T, column by column: T_jj = tau_j, above it −tau_j T (V v_j). */
function triangularFactor({ k, n, tau, tauOffset }: Reflectors, v: Float64Array, work: Workspace): Float64Array {
  const t = work.float64(k * k).fill(0);
  const products = work.float64(k * k);
  work.engine.gram(false, k, n, v, 0, n, products, 0, k);
  for (let j = 0; j < k; j++) {
    const factor = tau[tauOffset + j]!;
    t[j * k + j] = factor;
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let p = i; p < j; p++) sum += t[i * k + p]! * products[p * k + j]!;
      t[i * k + j] = -factor * sum;
    }
  }
  return t;
}
