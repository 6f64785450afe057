import { factorRows, factorRowsPivoted, formRows, householderWorkspace } from "./householder.ts";
import { orthogonalizeRows, orthogonalizeRowsWorkspace } from "./jacobi.ts";
import { allOf, anyOf, sizeOfFloat64, sizeOfInt32, type Workspace, type WorkspaceSize } from "./workspace.ts";

/** Rows shorter than this times the longest are zero: their squares vanish. */
const NEGLIGIBLE = 2 ** -500;

/** What {@link rowSvd} is to find. */
export interface RowSvd {
  /** n singular values, descending. */
  readonly s: Float64Array;
  /** Packed p × m, n ≤ p ≤ m: the right singular vectors as rows, then rows that complete them. May be the input. */
  readonly right?: Float64Array;
  /** Packed n × n: row i is the left singular vector of s[i]. */
  readonly left?: Float64Array;
}

/**
 * Singular value decomposition X = leftᵀ diag(s) right[:n] of the packed n × m matrix `x`, n ≤ m, which is spoiled, by one-sided
 * Jacobi on a matrix that two QR factorizations, the first pivoted, have brought close to diagonal form.
 *
 * @see Drmač and Veselić, New fast and accurate Jacobi SVD algorithm, parts I and II (2008).
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
  work.scope(() => {
    const pivots = work.int32(n);
    const tau = work.float64(n);
    const inner = work.float64(n * n);
    const turned = work.float64(n * n);
    const core = work.float64(n * n);
    // P X = L Q₁ with falling |L_ii|, then Lᵀ = L₂ Q₂, and the rows of L₂ᵀ are nearly orthogonal.
    factorRowsPivoted(n, m, x, tau, pivots, work);
    transposeLower(n, m, x, inner);
    if (right !== undefined) formRows(n, p, m, x, tau, work);
    factorRows(n, n, inner, tau, work);
    transposeLower(n, n, inner, core);
    if (left !== undefined) formRows(n, n, n, inner, tau, work);
    // J L₂ᵀ = S W, so X = Pᵀ Q₂ᵀ Jᵀ S W Q₁.
    identityInto(n, turned);
    orthogonalizeRows(operation, n, n, core, s, n, turned, work);
    if (right !== undefined) {
      normalizeRows(n, core, s, work);
      rightVectors(n, m, p, core, x, right, work);
    }
    if (left !== undefined) leftVectors(n, turned, inner, pivots, left, work);
  });
}

/** Scratch of {@link rowSvd}. */
export const rowSvdWorkspace = (n: number, m: number, p: number): WorkspaceSize =>
  allOf(
    sizeOfInt32(n),
    sizeOfFloat64(n),
    3 * sizeOfFloat64(n * n),
    anyOf(
      householderWorkspace(p, m),
      orthogonalizeRowsWorkspace(n),
      allOf(sizeOfFloat64(n * n), sizeOfFloat64(n), householderWorkspace(n, n)),
      sizeOfFloat64(n * m),
    ),
  );

/** out ← the transpose of the lower triangle in the first n columns of the packed n × m `x`, zeros below. */
function transposeLower(n: number, m: number, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[j * n + i] = j <= i ? x[i * m + j]! : 0;
  }
}

function identityInto(n: number, out: Float64Array): void {
  out.fill(0);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
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

/** right ← W Q₁ and the rows of Q₁'s complement. */
function rightVectors(
  n: number,
  m: number,
  p: number,
  w: Float64Array,
  q: Float64Array,
  right: Float64Array,
  work: Workspace,
): void {
  work.scope(() => {
    const product = work.float64(n * m);
    work.engine.gemm(false, false, n, m, n, 1, w, 0, n, q, 0, m, 0, product, 0, m);
    if (right !== q) right.set(q.subarray(n * m, p * m), n * m);
    right.set(product);
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
