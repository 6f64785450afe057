import { checkOptions, checkOutputs, describe, type OptionKinds } from "../arguments.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkApart, checkOutput, checkSameDtype, dtype } from "../matrix/checks.ts";
import { checkMatrix, type Matrix, type MatrixLike, transpose } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, unpackScaled } from "../memory/scale.ts";
import {
  allOf,
  anyOf,
  checkWorkspace,
  sizeOfFloat64,
  sizeOfInt32,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { scaleRow } from "../rows/sign.ts";
import { choleskyQr, choleskyQrWorkspace } from "./cholesky-qr.ts";
import { factorRows, factorRowsPivoted, formRows, householderWorkspace } from "./householder.ts";

/**
 * Condition up to which the factors come from Cholesky factors of Gram matrices in float64: for float32 in one pass, which leaves q
 * orthonormal to ε₆₄ κ² = 2e-10, for float64 in two, which is stable to well beyond that.
 */
const CHOLESKY_CONDITION = { float32: 1e3, float64: 1e6 } as const;

/** Options of {@link qr}. */
export interface QROptions {
  /** `"thin"` (default): q is m × min(m, n). `"complete"`: q is m × m and r is m × n. */
  readonly mode?: "thin" | "complete";
  /** Exchange columns so that the diagonal of r falls: a[:, pivots] = q r. Default false. */
  readonly pivot?: boolean;
}

const OPTIONS: OptionKinds<QROptions> = { mode: "any", pivot: "boolean" };

/** Factors of {@link qr}. */
export interface QR<D extends Real = Real> {
  /** Orthonormal columns. */
  readonly q: Matrix<D>;
  /** Upper triangular, with a diagonal ≥ 0. */
  readonly r: Matrix<D>;
  /** Column j of q r is column pivots[j] of a; 0, 1, 2 … without pivoting. */
  readonly pivots: Int32Array;
}

/** Outputs of {@link qrInto}. */
export interface QROut {
  /** Left out: only r is computed. */
  readonly q?: MatrixLike;
  readonly r: MatrixLike;
  readonly pivots?: Int32Array;
}

/**
 * QR factorization a = q r in float64 inside: by Householder reflectors, or, where a thin factorization without pivoting is wanted
 * of well-conditioned columns, by CholeskyQR.
 *
 * @param a - m × n, any strides, any rank.
 * @returns q and r of the dtype of `a`. With diag(r) ≥ 0 they are unique for full column rank.
 * @throws {NonFiniteError} with the first NaN or infinity. @throws {OptionError}
 * Accuracy: ‖a − q r‖ ≤ c √n ε ‖a‖ column by column, ‖qᵀq − I‖ ≤ c n ε.
 * Cost: 4mn² − (4/3)n³ flops with q (m ≥ n), half without.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §5.2 and §5.4.2 (pivoting); Yamamoto, Nakatsukasa,
 * Yanagisawa and Fukaya, Roundoff error analysis of the CholeskyQR2 algorithm (2015).
 *
 * @example
 * const { q, r } = qr(fromRows([[3, 0], [4, 5]])); // r = [[5, 4], [0, 3]]
 */
export function qr<D extends Real>(a: MatrixLike<D>, options: QROptions = {}): QR<D> {
  checkMatrix("qr", a);
  checkOptions("qr", options, OPTIONS);
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const k = options.mode === "complete" ? m : Math.min(m, n);
  const out = { q: zerosLike("qr", a, m, k), r: zerosLike("qr", a, k, n), pivots: new Int32Array(n) };
  withWorkspace("qr", qrWorkspace(m, n, options), (work) => qrInto(out, a, work, options));
  return out;
}

/**
 * out ← the factors of `a`; see {@link qr}.
 *
 * @param out - q m × k and r k × n of the dtype of `a`, with k = min(m, n), or m if complete; pivots of length n. One of q and r may be `a`.
 * @param work - at least {@link qrWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {OptionError} @throws {NonFiniteError} before anything is written.
 */
export function qrInto(out: QROut, a: MatrixLike, work: Workspace, options: QROptions = {}): void {
  checkMatrix("qr", a);
  checkOptions("qr", options, OPTIONS);
  checkOutputs("qr", out, "q, r, pivots");
  checkWorkspace("qr", work);
  const { mode = "thin", pivot = false } = options;
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  if (mode !== "thin" && mode !== "complete") {
    throw new OptionError("qr", `mode must be "thin" or "complete", got ${describe(mode)}`);
  }
  const k = Math.min(m, n);
  const p = mode === "complete" ? m : k;
  checkOut(out, a, p, pivot);
  const unit = powerOfTwo(largest("qr", a, work.engine));
  // Two passes cost less than reflectors only where there are many rows.
  const slender = m >= (dtype(a) === "float32" ? n : 2 * n);
  if (slender && mode === "thin" && !pivot && choleskyInto(out, a, unit, work)) return;
  work.scope(() => {
    const x = packScaled(work.engine, work.float64(Math.max(n, p) * m).fill(0), a, 1, true);
    // Each column by its own power of two, so that small ones beside large ones keep their digits; pivoting compares their lengths.
    const units = work.float64(n).fill(unit);
    for (let j = 0; j < n; j++) {
      if (!pivot) units[j] = powerOfTwo(work.engine.largest(m, x, j * m));
      scaleRow(x, j, m, 1 / units[j]!);
    }
    const tau = work.float64(k);
    const pivots = countUp(out.pivots ?? work.int32(n));
    if (pivot) factorRowsPivoted(n, m, x, tau, pivots, work);
    else factorRows(n, m, x, tau, work);
    const sign = work.float64(k);
    for (let i = 0; i < k; i++) sign[i] = x[i * m + i]! < 0 ? -1 : 1;
    writeUpper(out.r, x, m, n, sign, units, work);
    if (out.q === undefined) return;
    formRows(k, p, m, x, tau, work);
    for (let i = 0; i < k; i++) scaleRow(x, i, m, sign[i]!);
    unpackScaled(work.engine, transpose(out.q), x, 1);
  });
}

/** Bytes of scratch that {@link qrInto} needs for an m × n matrix. */
export function qrWorkspace(m: number, n: number, { mode = "thin" }: QROptions = {}): WorkspaceSize {
  const rows = Math.max(n, mode === "complete" ? m : 0);
  return anyOf(
    allOf(
      sizeOfFloat64(rows * m),
      2 * sizeOfFloat64(Math.min(m, n)),
      sizeOfFloat64(n),
      sizeOfInt32(n),
      householderWorkspace(rows, m),
    ),
    allOf(2 * sizeOfFloat64(m * n), 3 * sizeOfFloat64(n * n), choleskyQrWorkspace(n, "float64")),
  );
}

/** The factors of a well-conditioned matrix by CholeskyQR; false, with nothing written, of any other. */
function choleskyInto(out: QROut, a: MatrixLike, unit: number, work: Workspace): boolean {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const { engine } = work;
  const limit = CHOLESKY_CONDITION[dtype(a)];
  return work.scope(() => {
    const x = packScaled(engine, work.float64(m * n), a, 1 / unit);
    let q = work.float64(m * n);
    const lower = work.float64(n * n);
    const product = work.float64(n * n);
    if (!(choleskyQr(m, n, x, q, lower, limit, work) <= limit)) return false;
    if (dtype(a) === "float64") {
      // q = q₂ L₂ᵀ, so a = q₂ (L L₂)ᵀ.
      const second = work.float64(n * n);
      choleskyQr(m, n, q, x, second, limit, work);
      engine.gemm(false, false, n, n, n, 1, lower, 0, n, second, 0, n, 0, product, 0, n);
      lower.set(product);
      q = x;
    }
    checkRange("qr", engine.largest(n * n, lower, 0), unit, out.r.data);
    unpackScaled(engine, transpose(out.r), lower, unit);
    if (out.q !== undefined) unpackScaled(engine, out.q, q, 1);
    if (out.pivots !== undefined) countUp(out.pivots);
    return true;
  });
}

/** 0, 1, 2 … */
function countUp(pivots: Int32Array): Int32Array {
  for (let j = 0; j < pivots.length; j++) pivots[j] = j;
  return pivots;
}

function checkOut({ q, r, pivots }: QROut, a: MatrixLike, p: number, pivot: boolean): void {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  if (q !== undefined) {
    checkOutput("qr", "q", q, m, p);
    checkSameDtype("qr", q.data, a.data);
  }
  checkOutput("qr", "r", r, p, n);
  if (q !== undefined) checkApart("qr", "q and r", q, r);
  checkSameDtype("qr", r.data, a.data);
  if (pivots === undefined ? pivot : pivots.length !== n) {
    throw new ShapeError("qr", `expected pivots of length ${n}, got ${pivots?.length ?? "none"}`);
  }
}

/** r ← the transpose of the lower trapezoid in x (n rows of length m), rows scaled by sign, columns by units. @throws {OverflowError} before it is written. */
function writeUpper(
  r: MatrixLike,
  x: Float64Array,
  m: number,
  n: number,
  sign: Float64Array,
  units: Float64Array,
  work: Workspace,
): void {
  const { data, stride, offset } = r;
  for (let j = 0; j < n; j++) {
    const rows = Math.min(j + 1, sign.length);
    checkRange("qr", work.engine.largest(rows, x, j * m), units[j]!, data);
  }
  for (let i = 0; i < r.shape[0]!; i++) {
    for (let j = 0; j < n; j++) {
      data[offset + i * stride[0]! + j * stride[1]!] =
        i <= j && i < sign.length ? sign[i]! * units[j]! * x[j * m + i]! : 0;
    }
  }
}
