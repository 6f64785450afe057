import { scaleBy } from "../memory/scale.ts";
import { allOf, anyOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { eliminationWorkspace, solveByElimination } from "../solve/lu.ts";
import { gaussLegendre } from "./gauss-legendre.ts";
import { oneNorm } from "./one-norm.ts";
import { blockIm, sizeAt } from "./quasi-triangular.ts";
import { quasiTriangularRoot, quasiTriangularRootWorkspace } from "./quasi-triangular-root.ts";

/**
 * Norms of x up to which the Padé approximants of degree 1 … 7 to log(1 + x) have a backward error below the unit roundoff
 * (Al-Mohy and Higham 2012, table 2.1).
 */
const BOUNDS = [
  1.586970738772063e-5, 2.313807884242979e-3, 1.938179313533253e-2, 6.209171588994762e-2, 0.1276404810806775,
  0.2060962623452836, 0.2879093714241194,
] as const;

/** Of each row of a quasi-triangular matrix: the logarithm of its eigenvalue, log + i angle, and what is beside it in the block. */
interface Logarithms {
  readonly log: Float64Array;
  readonly angle: Float64Array;
  /** Elements of the logarithm right of and below the diagonal element in the first row of a block. */
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/**
 * out ← the principal logarithm of the packed n × n matrix `t` in real Schur form with standard blocks and without eigenvalues on the
 * closed negative real axis; `t` is spoiled. Square roots until t is close to the identity, a Padé approximant there, and back.
 *
 * @see Al-Mohy and Higham, Improved inverse scaling and squaring algorithms for the matrix logarithm (2012), algorithm 4.1. Deviates:
 * norms of powers are computed, and diagonal elements of t − 1 come from the logarithms of the eigenvalues.
 */
export function quasiTriangularLog(n: number, t: Float64Array, out: Float64Array, work: Workspace): void {
  const { engine } = work;
  work.scope(() => {
    const logarithms = diagonalLogarithms(n, t, work);
    const x = work.float64(n * n);
    const y = work.float64(n * n);
    let roots = 0;
    for (; ; roots++) {
      lessIdentity(n, t, logarithms, 2 ** -roots, x);
      engine.gemm(false, false, n, n, n, 1, x, 0, n, x, 0, n, 0, out, 0, n);
      engine.gemm(false, false, n, n, n, 1, x, 0, n, out, 0, n, 0, y, 0, n);
      const size = Math.max(oneNorm(n, out) ** (1 / 2), oneNorm(n, y) ** (1 / 3));
      const degree = 1 + BOUNDS.findIndex((bound) => size <= bound);
      if (degree > 0) {
        approximate(n, x, degree, t, y, out, work);
        break;
      }
      quasiTriangularRoot("logm", n, t, 0, out, work);
      t.set(out);
      // Out of range: no further root changes that, and the caller refuses it.
      if (!Number.isFinite(engine.largest(n * n, t, 0))) return;
    }
    scaleBy(out, 2 ** roots);
    writeDiagonal(n, x, logarithms, out);
  });
}

/** Scratch of {@link quasiTriangularLog}. */
export const quasiTriangularLogWorkspace = (n: number): WorkspaceSize =>
  allOf(
    4 * sizeOfFloat64(n),
    2 * sizeOfFloat64(n * n),
    anyOf(quasiTriangularRootWorkspace(n), eliminationWorkspace(n)),
  );

/** In scratch of the caller's scope. */
function diagonalLogarithms(n: number, t: Float64Array, work: Workspace): Logarithms {
  const log = work.float64(n);
  const angle = work.float64(n).fill(0);
  const upper = work.float64(n);
  const lower = work.float64(n);
  for (let k = 0; k < n; k++) {
    const at = k * n + k;
    const re = t[at]!;
    if (sizeAt(n, t, k) === 1) {
      log[k] = Math.log(re);
      continue;
    }
    const [y, w] = [t[at + 1]!, t[at + n]!];
    const im = blockIm(y, w);
    log[k] = log[k + 1] = logSize(re, im);
    angle[k] = angle[k + 1] = Math.atan2(im, re);
    upper[k] = angle[k]! * (y / im);
    lower[k] = angle[k]! * (w / im);
    k++;
  }
  return { log, angle, upper, lower };
}

/** log |re + i im|, to its last digits also near 1. */
function logSize(re: number, im: number): number {
  const size = Math.hypot(re, im);
  if (size < 0.5 || size > 2) return Math.log(size);
  const [more, less] = [Math.max(Math.abs(re), im), Math.min(Math.abs(re), im)];
  return 0.5 * Math.log1p((more - 1) * (more + 1) + less * less);
}

/** x ← t − 1 for the root t of the order whose reciprocal is `part`; its diagonal without cancellation. */
function lessIdentity(n: number, t: Float64Array, { log, angle }: Logarithms, part: number, x: Float64Array): void {
  x.set(t);
  for (let k = 0; k < n; k++) {
    const [re, im] = [part * log[k]!, part * angle[k]!];
    x[k * n + k] = Math.expm1(re) * Math.cos(im) - 2 * Math.sin(im / 2) ** 2;
  }
}

/** out ← Σ w_j x (1 + s_j x)⁻¹, the [m/m] Padé approximant of log(1 + x) in partial fractions. `matrix` and `fraction` are scratch. */
function approximate(
  n: number,
  x: Float64Array,
  m: number,
  matrix: Float64Array,
  fraction: Float64Array,
  out: Float64Array,
  work: Workspace,
): void {
  out.fill(0);
  for (const { node, weight } of gaussLegendre(m)) {
    for (let i = 0; i < n * n; i++) matrix[i] = node * x[i]!;
    for (let i = 0; i < n * n; i += n + 1) matrix[i]! += 1;
    fraction.set(x);
    solveByElimination("logm", n, matrix, n, fraction, work);
    for (let i = 0; i < n * n; i++) out[i]! += weight * fraction[i]!;
  }
}

/** The diagonal blocks of the logarithm, from those of the eigenvalues; `x` says where they are. */
function writeDiagonal(n: number, x: Float64Array, { log, upper, lower }: Logarithms, out: Float64Array): void {
  for (let k = 0; k < n; k++) {
    const at = k * n + k;
    out[at] = log[k]!;
    if (sizeAt(n, x, k) === 1) continue;
    out[at + 1] = upper[k]!;
    out[at + n] = lower[k]!;
    k++;
    out[k * n + k] = log[k]!;
  }
}
