import { applyReflectors, tridiagonalizeWorkspace } from "../eigh/tridiagonal.ts";
import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { transposeInPlace } from "../rows/transpose.ts";
import { writeIdentity } from "../rows/write-identity.ts";
import { francisQr, francisQrWorkspace } from "./francis-qr.ts";
import { reduceToHessenberg, reduceToHessenbergWorkspace } from "./hessenberg-reduction.ts";

/** Up to this order a library's call and the copies for it take longer than what they save. */
const SMALL = 24;

/**
 * Hessenberg form of the packed n × n matrix `a`, upper triangular outside of rows and columns low … high: on exit `a` is
 * H = Qᵀ A Q, and the packed `q`, if it is given, is Q.
 */
export function hessenbergForm(
  n: number,
  low: number,
  high: number,
  a: Float64Array,
  q: Float64Array | undefined,
  work: Workspace,
): void {
  if (n > SMALL && work.engine.lapack !== undefined) {
    work.engine.lapack.hessenberg(n, low, high, a, q);
    return;
  }
  work.scope(() => {
    const v = work.float64(n * n);
    const tau = work.float64(n);
    reduceToHessenberg(n, low, high, a, v, tau, work);
    if (q === undefined) return;
    writeIdentity(n, q);
    applyReflectors(n, v, tau, q, work);
    transposeInPlace(n, q);
  });
}

/** The same for the real Schur form T = Zᵀ A Z; without `z`, only the diagonal blocks are those of T. @throws {NotConvergedError} */
export function realSchur(
  operation: string,
  n: number,
  low: number,
  high: number,
  a: Float64Array,
  z: Float64Array | undefined,
  work: Workspace,
): void {
  if (n > SMALL && work.engine.lapack !== undefined) {
    work.engine.lapack.realSchur(operation, n, low, high, a, z);
    return;
  }
  hessenbergForm(n, low, high, a, z, work);
  francisQr(operation, n, low, high, a, z, work);
}

/** Scratch of both. */
export const realSchurWorkspace = (n: number): WorkspaceSize =>
  anyOf(
    allOf(sizeOfFloat64(n * n), sizeOfFloat64(n), anyOf(reduceToHessenbergWorkspace(n), tridiagonalizeWorkspace(n))),
    francisQrWorkspace(n),
  );
