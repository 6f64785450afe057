import { applyReflectors, tridiagonalizeWorkspace } from "../eigh/tridiagonal.ts";
import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { writeIdentity } from "../rows/write-identity.ts";
import { francisQr } from "./francis-qr.ts";
import { reduceToHessenberg, reduceToHessenbergWorkspace } from "./hessenberg-reduction.ts";

/**
 * Hessenberg form of the packed n × n matrix `a`, upper triangular outside of rows and columns low … high: on exit `a` is H, and the
 * rows of the packed `qt`, if it is given, are those of Qᵀ, with Qᵀ A Q = H.
 */
export function hessenbergForm(
  n: number,
  low: number,
  high: number,
  a: Float64Array,
  qt: Float64Array | undefined,
  work: Workspace,
): void {
  work.scope(() => {
    const v = work.float64(n * n);
    const tau = work.float64(n);
    reduceToHessenberg(n, low, high, a, v, tau, work);
    if (qt === undefined) return;
    writeIdentity(n, qt);
    applyReflectors(n, v, tau, qt, work);
  });
}

/** The same for the real Schur form T = Zᵀ A Z; without `zt`, only the diagonal blocks are those of T. @throws {NotConvergedError} */
export function realSchur(
  operation: string,
  n: number,
  low: number,
  high: number,
  a: Float64Array,
  zt: Float64Array | undefined,
  work: Workspace,
): void {
  hessenbergForm(n, low, high, a, zt, work);
  francisQr(operation, n, low, high, a, zt);
}

/** Scratch of both. */
export const realSchurWorkspace = (n: number): WorkspaceSize =>
  allOf(sizeOfFloat64(n * n), sizeOfFloat64(n), anyOf(reduceToHessenbergWorkspace(n), tridiagonalizeWorkspace(n)));
