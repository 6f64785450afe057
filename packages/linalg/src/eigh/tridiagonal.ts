import { anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { applyBlock, BLOCK, blockReflector, blockReflectorWorkspace } from "../qr/block-reflector.ts";
import { makeReflector } from "../qr/householder.ts";

/** Up to this order, which fits the first-level cache, reflectors one by one take less time than in blocks. */
const SMALL = 64;

/**
 * Reduces the packed symmetric n × n matrix `a`, of which only the upper triangle is used, to tridiagonal form T = Qᵀ A Q.
 * On exit `d` is T's diagonal, e[0 … n−2] its neighbours, and row k of `a` holds reflector k from column k + 1 on (v₀ = 1),
 * with factor tau[k]; Q = H₀ H₁ … H_{n−3}.
 */
export function tridiagonalize(
  n: number,
  a: Float64Array,
  d: Float64Array,
  e: Float64Array,
  tau: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const v = work.float64(n).fill(0);
    const w = work.float64(n).fill(0);
    const x = work.float64(n).fill(0);
    const y = work.float64(n).fill(0);
    for (let k = 0; k < n; k++) {
      const row = k * n;
      // Row k has not seen the last rank-two update yet; the trailing matrix gets it together with the next product.
      for (let j = k; j < n; j++) a[row + j] = a[row + j]! - v[k]! * w[j]! - w[k]! * v[j]!;
      d[k] = a[row + k]!;
      if (k === n - 1) break;
      const rest = n - k - 1;
      tau[k] = makeReflector(a, row + k + 1, rest);
      e[k] = a[row + k + 1]!;
      a[row + k + 1] = 1;
      for (let j = k + 1; j < n; j++) x[j] = a[row + j]!;
      work.engine.updateMultiply(rest, a, (k + 1) * n + k + 1, n, v, w, x, y, k + 1);
      const factor = tau[k]!;
      let dot = 0;
      for (let j = k + 1; j < n; j++) dot += x[j]! * y[j]!;
      const half = 0.5 * factor * factor * dot;
      for (let j = k + 1; j < n; j++) {
        v[j] = x[j]!;
        w[j] = factor * y[j]! - half * x[j]!;
      }
    }
  });
}

/** Rows of the packed n × n matrix `z` ← z Qᵀ with the Q of {@link tridiagonalize}. */
export function applyReflectors(n: number, a: Float64Array, tau: Float64Array, z: Float64Array, work: Workspace): void {
  const count = Math.max(0, n - 2); // the last reflector is the identity
  if (n <= SMALL) {
    for (let k = count - 1; k >= 0; k--) work.engine.reflect(n, n - k - 1, tau[k]!, a, k * n + k + 1, z, k + 1, n);
    return;
  }
  for (let first = Math.floor(Math.max(0, count - 1) / BLOCK) * BLOCK; first >= 0; first -= BLOCK) {
    const k = Math.min(BLOCK, count - first);
    const at = first + 1;
    work.scope(() => {
      const h = blockReflector({ k, n: n - at, v: a, vOffset: first * n + at, ldv: n, tau, tauOffset: first }, work);
      applyBlock(h, true, n, z, at, n, work);
    });
  }
}

/** Scratch of both: {@link tridiagonalize} and {@link applyReflectors}. */
export const tridiagonalizeWorkspace = (n: number): WorkspaceSize =>
  anyOf(4 * sizeOfFloat64(n), blockReflectorWorkspace(n, n));
