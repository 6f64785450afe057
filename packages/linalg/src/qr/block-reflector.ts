import type { Workspace, WorkspaceSize } from "../memory/workspace.ts";
import { allOf, sizeOfFloat64 } from "../memory/workspace.ts";

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

/** Reflectors made ready for {@link applyBlock}, in scratch. */
export interface BlockReflector {
  readonly k: number;
  readonly n: number;
  /** Packed k × n, with its ones and zeros written out. */
  readonly v: Float64Array;
  /** Packed k × k. */
  readonly t: Float64Array;
}

/** V and T of the product of the reflectors, in scratch of the caller's scope. */
export function blockReflector(h: Reflectors, work: Workspace): BlockReflector {
  const v = unitRows(h, work.float64(h.k * h.n));
  const t = work.float64(h.k * h.k).fill(0);
  work.scope(() => triangularFactor(h, v, t, work));
  return { k: h.k, n: h.n, v, t };
}

/** The m × n rows at `x` ← X H₀ … H_{k−1}, or X H_{k−1} … H₀ if `reversed`, as three matrix products. */
export function applyBlock(
  { k, n, v, t }: BlockReflector,
  reversed: boolean,
  m: number,
  x: Float64Array,
  xOffset: number,
  ldx: number,
  work: Workspace,
): void {
  if (m === 0 || k === 0) return;
  const { engine } = work;
  work.scope(() => {
    const xv = work.float64(m * k);
    const xvt = work.float64(m * k);
    engine.gemm(false, true, m, k, n, 1, x, xOffset, ldx, v, 0, n, 0, xv, 0, k);
    engine.gemm(false, reversed, m, k, k, 1, xv, 0, k, t, 0, k, 0, xvt, 0, k);
    engine.gemm(false, false, m, n, k, -1, xvt, 0, k, v, 0, n, 1, x, xOffset, ldx);
  });
}

/** Scratch for {@link blockReflector}s of length n and their application to m rows. */
export const blockReflectorWorkspace = (m: number, n: number): WorkspaceSize =>
  allOf(sizeOfFloat64(BLOCK * n), 2 * sizeOfFloat64(BLOCK * BLOCK), 2 * sizeOfFloat64(m * BLOCK));

/** V with its ones and zeros written out. */
function unitRows({ k, n, v, vOffset, ldv }: Reflectors, out: Float64Array): Float64Array {
  for (let i = 0; i < k; i++) {
    out.fill(0, i * n, i * n + i);
    out[i * n + i] = 1;
    const row = vOffset + i * ldv;
    out.set(v.subarray(row + i + 1, row + n), i * n + i + 1);
  }
  return out;
}

/** t ← T, column by column: T_jj = tau_j, above it −tau_j T (V v_j). `t` is zero on entry. */
function triangularFactor(
  { k, n, tau, tauOffset }: Reflectors,
  v: Float64Array,
  t: Float64Array,
  work: Workspace,
): void {
  const products = work.float64(k * k);
  work.engine.gram(false, k, n, v, 0, n, products, 0, k);
  for (let j = 0; j < k; j++) {
    const factor = tau[tauOffset + j]!;
    t[j * k + j] = factor;
    for (let i = 0; i < j; i++) t[i * k + j] = -factor * product(t, i * k + i, products, j * k + i, j - i);
  }
}

/** Σ x_p y_p over `n` elements, in two sums that need not wait for each other. */
function product(x: Float64Array, xOffset: number, y: Float64Array, yOffset: number, n: number): number {
  let [even, odd] = [0, 0];
  let p = 0;
  for (; p + 2 <= n; p += 2) {
    even += x[xOffset + p]! * y[yOffset + p]!;
    odd += x[xOffset + p + 1]! * y[yOffset + p + 1]!;
  }
  return p < n ? even + odd + x[xOffset + p]! * y[yOffset + p]! : even + odd;
}
