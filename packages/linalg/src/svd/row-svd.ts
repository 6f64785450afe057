import { symmetricEigen, symmetricEigenWorkspace } from "../eigh/symmetric-eigen.ts";
import { allOf, anyOf, sizeOfFloat64, sizeOfInt32, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { factorRows, factorRowsPivoted, formRows, householderWorkspace } from "../qr/householder.ts";
import { writeIdentity } from "../rows/write-identity.ts";
import { NEGLIGIBLE, orthogonalizeRows, orthogonalizeRowsWorkspace } from "./orthogonalize-rows.ts";

/** Up to this order Jacobi alone is as fast as with eigenvectors to start from. */
const SMALL = 16;

/** Outputs of {@link rowSvd}; those left out are not computed. */
export interface RowSvd {
  /** n singular values, descending. */
  readonly s: Float64Array;
  /** Packed p × m, n ≤ p ≤ m: the right singular vectors as rows, then rows that complete them. May be the input. */
  readonly right?: Float64Array;
  /** Packed n × n: row i is the left singular vector of s[i]. */
  readonly left?: Float64Array;
}

/**
 * Singular value decomposition X = leftᵀ diag(s) right[:n] of the packed n × m matrix `x`, n ≤ m, which is spoiled.
 * A long matrix is first brought to square form by an LQ factorization.
 */
export function rowSvd(
  operation: string,
  n: number,
  m: number,
  x: Float64Array,
  { s, right, left }: RowSvd,
  p: number,
  work: Workspace,
): void {
  if (n === m) {
    squareSvd(operation, n, x, s, right, left, work);
    return;
  }
  work.scope(() => {
    const tau = work.float64(n);
    const l = lowerFactor(n, m, x, tau, work);
    if (right === undefined) {
      squareSvd(operation, n, l, s, undefined, left, work);
      return;
    }
    formRows(n, p, m, x, tau, work);
    squareSvd(operation, n, l, s, l, left, work);
    const product = work.float64(n * m);
    work.engine.gemm(false, false, n, m, n, 1, l, 0, n, x, 0, m, 0, product, 0, m);
    if (right !== x) right.set(x.subarray(n * m, p * m), n * m);
    right.set(product);
  });
}

/** The packed n × n factor L of X = L Q, in scratch of the caller's scope; x ← the reflectors of Q. */
export function lowerFactor(n: number, m: number, x: Float64Array, tau: Float64Array, work: Workspace): Float64Array {
  const l = work.float64(n * n);
  factorRows(n, m, x, tau, work);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) l[i * n + j] = j <= i ? x[i * m + j]! : 0;
  return l;
}

/**
 * One-sided Jacobi on a square matrix that two QR factorizations, the first pivoted, have brought close to diagonal form, and the
 * eigenvectors of its Gram matrix closer still. The products are with orthogonal matrices from the left, so that every column
 * keeps its own relative accuracy, whatever its scale.
 *
 * @see Drmač and Veselić, New fast and accurate Jacobi SVD algorithm, parts I and II (2008). The eigenvectors are ours.
 */
function squareSvd(
  operation: string,
  n: number,
  x: Float64Array,
  s: Float64Array,
  right: Float64Array | undefined,
  left: Float64Array | undefined,
  work: Workspace,
): void {
  work.scope(() => {
    const pivots = work.int32(n);
    const tau = work.float64(n);
    const inner = work.float64(n * n);
    const turned = work.float64(n * n);
    const core = work.float64(n * n);
    // P X = L Q₁ with falling |L_ii|, then Lᵀ = L₂ Q₂, and the rows of L₂ᵀ are nearly orthogonal.
    factorRowsPivoted(n, n, x, tau, pivots, work);
    transposeLower(n, x, inner);
    if (right !== undefined) formRows(n, n, n, x, tau, work);
    factorRows(n, n, inner, tau, work);
    transposeLower(n, inner, core);
    if (left !== undefined) formRows(n, n, n, inner, tau, work);
    // J L₂ᵀ = S W, so X = Pᵀ Q₂ᵀ Jᵀ S W Q₁.
    precondition(operation, n, core, turned, work);
    orthogonalizeRows(operation, n, n, core, s, left === undefined ? 0 : n, turned, work);
    if (right !== undefined) {
      normalizeRows(n, core, s, work);
      const product = work.float64(n * n);
      work.engine.gemm(false, false, n, n, n, 1, core, 0, n, x, 0, n, 0, product, 0, n);
      right.set(product);
    }
    if (left !== undefined) leftVectors(n, turned, inner, pivots, left, work);
  });
}

/** Scratch of {@link rowSvd}. */
export const rowSvdWorkspace = (n: number, m: number, p: number): WorkspaceSize =>
  allOf(
    n === m ? 0 : allOf(sizeOfFloat64(n), sizeOfFloat64(n * n)),
    anyOf(householderWorkspace(p, m), sizeOfFloat64(n * m), squareSvdWorkspace(n)),
  );

const squareSvdWorkspace = (n: number): WorkspaceSize =>
  allOf(
    sizeOfInt32(n),
    sizeOfFloat64(n),
    3 * sizeOfFloat64(n * n),
    anyOf(
      householderWorkspace(n, n),
      orthogonalizeRowsWorkspace(n),
      allOf(2 * sizeOfFloat64(n * n), sizeOfFloat64(n), symmetricEigenWorkspace(n)),
      allOf(2 * sizeOfFloat64(n * n), sizeOfFloat64(n), householderWorkspace(n, n)),
    ),
  );

/** turned ← V with the eigenvectors of core coreᵀ as rows, core ← V core; for small matrices V = I. */
function precondition(operation: string, n: number, core: Float64Array, turned: Float64Array, work: Workspace): void {
  if (n <= SMALL) {
    writeIdentity(n, turned);
    return;
  }
  work.scope(() => {
    const gram = work.float64(n * n);
    const product = work.float64(n * n);
    const values = work.float64(n);
    work.engine.gram(false, n, n, core, 0, n, gram, 0, n);
    symmetricEigen(operation, n, gram, values, turned, work);
    work.engine.gemm(false, false, n, n, n, 1, turned, 0, n, core, 0, n, 0, product, 0, n);
    core.set(product);
  });
}

/** out ← the transpose of the lower triangle of the packed n × n `x`, zeros below. */
function transposeLower(n: number, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[j * n + i] = j <= i ? x[i * n + j]! : 0;
  }
}

/** Rows of `w` ← themselves over their lengths s; where s is negligible it becomes zero, and the row one that completes the others. */
function normalizeRows(n: number, w: Float64Array, s: Float64Array, work: Workspace): void {
  let good = 0;
  for (let i = 0; i < n; i++) {
    if (!(s[i]! > NEGLIGIBLE * s[0]!)) {
      s[i] = 0;
      continue;
    }
    good++;
    for (let j = i * n; j < (i + 1) * n; j++) w[j] = w[j]! / s[i]!;
  }
  if (good === n) return;
  work.scope(() => {
    const basis = work.float64(n * n);
    basis.set(w);
    const tau = work.float64(n);
    factorRows(good, n, basis, tau, work);
    formRows(good, n, n, basis, tau, work);
    w.set(basis.subarray(good * n), good * n);
  });
}

/** left ← J Q₂ with its columns put back to where the pivoting took them from. */
function leftVectors(
  n: number,
  j: Float64Array,
  q: Float64Array,
  pivots: Int32Array,
  left: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const product = work.float64(n * n);
    work.engine.gemm(false, false, n, n, n, 1, j, 0, n, q, 0, n, 0, product, 0, n);
    for (let c = 0; c < n; c++) for (let r = 0; r < n; r++) left[r * n + pivots[c]!] = product[r * n + c]!;
  });
}
