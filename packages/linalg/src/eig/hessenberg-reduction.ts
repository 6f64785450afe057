import { sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { makeReflector } from "../qr/householder.ts";

/**
 * Reduces the packed n × n matrix `a`, upper triangular outside of rows and columns low … high, to Hessenberg form H = Qᵀ A Q.
 * On exit `a` is H, with zeros below its subdiagonal, and row k of the packed n × n matrix `v` holds reflector k from column k + 1 on
 * (v₀ = 1), with factor tau[k]; Q = H₀ H₁ … H_{n−3}, the form that `applyReflectors` takes.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §7.4.3.
 */
export function reduceToHessenberg(
  n: number,
  low: number,
  high: number,
  a: Float64Array,
  v: Float64Array,
  tau: Float64Array,
  work: Workspace,
): void {
  const { engine } = work;
  v.fill(0);
  tau.fill(0);
  work.scope(() => {
    const w = work.float64(n);
    for (let k = low; k < high - 1; k++) {
      const from = k + 1;
      const length = high - k;
      const at = k * n + from;
      for (let i = from; i <= high; i++) {
        v[k * n + i] = a[i * n + k]!;
        a[i * n + k] = 0;
      }
      const factor = makeReflector(v, at, length);
      tau[k] = factor;
      a[from * n + k] = v[at]!;
      v[at] = 1;
      if (factor === 0) continue;
      const trailing = from * n + from;
      const rest = n - from;
      engine.gemm(false, false, 1, rest, length, 1, v, at, n, a, trailing, n, 0, w, 0, n);
      engine.gemm(true, false, length, rest, 1, -factor, v, at, n, w, 0, n, 1, a, trailing, n);
      engine.reflect(high + 1, length, factor, v, at, a, from, n);
    }
  });
}

export const reduceToHessenbergWorkspace = (n: number): WorkspaceSize => sizeOfFloat64(n);
