import { checkOutputs } from "../arguments.ts";
import { checkApart, checkOutput, checkSameDtype, checkSquare, checkVector } from "../matrix/checks.ts";
import { type Matrix, type MatrixLike, transpose, type Vector } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { vectorLike, withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, packScaled, powerOfTwo, scaleBy, unpackScaled } from "../memory/scale.ts";
import {
  allOf,
  anyOf,
  checkWorkspace,
  sizeOfFloat64,
  sizeOfInt32,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { balance, undoBalance } from "./balance.ts";
import { normalizeVectors } from "./normalize-vectors.ts";
import { quasiTriangularVectors } from "./quasi-triangular-vectors.ts";
import { realSchur, realSchurWorkspace } from "./real-schur.ts";

/** Size of the elements while the matrix is balanced. */
const LARGEST = 2 ** 1000;

/** Smallest positive number of a dtype, by the bytes of its elements. */
const SMALLEST: Readonly<Record<number, number>> = { 4: 2 ** -149, 8: 2 ** -1074 };

/** Eigenvalues of a matrix that need not be symmetric. */
export interface Eigenvalues<D extends Real = Real> {
  /** Real parts. */
  readonly re: Vector<D>;
  /**
   * Imaginary parts: 0 of a real eigenvalue; of a conjugate pair, whose two are neighbours, w > 0 and then −w, where a w too small for
   * the dtype is its smallest positive number.
   */
  readonly im: Vector<D>;
}

/** Result of {@link eig}. */
export interface Eig<D extends Real = Real> extends Eigenvalues<D> {
  /**
   * Column j of re + i im is the eigenvector of re[j] + i im[j], of 2-norm 1; its largest component is real and positive. Those of a
   * conjugate pair are conjugate.
   */
  readonly vectors: { readonly re: Matrix<D>; readonly im: Matrix<D> };
}

/** Outputs of {@link eigInto}. */
export interface EigOut {
  readonly re: Real;
  readonly im: Real;
  /** Left out: only eigenvalues are computed. */
  readonly vectors?: { readonly re: MatrixLike; readonly im: MatrixLike };
}

/**
 * Eigenvalues and right eigenvectors of a square matrix, in float64 inside: balancing by permutation and powers of two, Hessenberg form,
 * Francis' double-shift QR iteration to real Schur form, back substitution.
 *
 * @param a - n × n, any strides. If it is symmetric, {@link eigh} is faster and gives orthonormal vectors.
 * @returns eigenvalues in the order of the balanced matrix's Schur form, as in LAPACK and NumPy: no other. A defective matrix has
 * fewer directions than eigenvalues; some of its vectors are then parallel to rounding.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity.
 * @throws {NotConvergedError} after 30 max(10, n) steps for one eigenvalue, which no finite matrix is known to need.
 * @throws {OverflowError} if an eigenvalue is outside the range of the dtype.
 * Accuracy: the exact eigenvalues of a matrix within c n ε₆₄ ‖b‖ of the balanced matrix b; ‖b v − λ v‖ ≤ c n ε₆₄ ‖b‖ for each vector
 * before the balancing is undone and the result rounded to the dtype. Cost: about 25n³ flops, 10n³ for values alone.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §7.4 to §7.6; James, Langou and Lowery, On matrix balancing and eigenvector
 * computation (2014).
 *
 * @example
 * eig(fromRows([[0, -1], [1, 0]])); // re [0, 0], im [1, -1]
 */
export function eig<D extends Real>(a: MatrixLike<D>): Eig<D> {
  const n = checkSquare("eig", a);
  const vectors = { re: zerosLike("eig", a, n, n), im: zerosLike("eig", a, n, n) };
  const out = { re: vectorLike("eig", a, n), im: vectorLike("eig", a, n), vectors };
  withWorkspace("eig", eigWorkspace(n), (work) => eigInto(out, a, work));
  return out;
}

/** Eigenvalues alone; see {@link eig}. */
export function eigvals<D extends Real>(a: MatrixLike<D>): Eigenvalues<D> {
  const n = checkSquare("eigvals", a);
  const out = { re: vectorLike("eigvals", a, n), im: vectorLike("eigvals", a, n) };
  withWorkspace("eigvals", eigWorkspace(n), (work) => decompose("eigvals", out, a, work));
  return out;
}

/**
 * out ← eigenvalues and eigenvectors; see {@link eig}.
 *
 * @param out - re and im of length n, both parts of vectors n × n, all of the dtype of `a`; one of the two parts may be `a`.
 * @param work - at least {@link eigWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {NotConvergedError} @throws {OverflowError}
 * before anything is written.
 */
export function eigInto(out: EigOut, a: MatrixLike, work: Workspace): void {
  const n = checkSquare("eig", a);
  checkOutputs("eig", out, "re, im, vectors");
  checkVector("eig", "re", out.re, n, a.data);
  checkVector("eig", "im", out.im, n, a.data);
  checkWorkspace("eig", work);
  if (out.vectors !== undefined) checkVectors(out.vectors, a, n);
  decompose("eig", out, a, work);
}

function decompose(operation: string, { re, im, vectors }: EigOut, a: MatrixLike, work: Workspace): void {
  const n = a.shape[0]!;
  const { engine } = work;
  // As large as can be: balancing brings small elements up, and its own small ones must keep their digits.
  const lift = LARGEST / Math.max(1, powerOfTwo(largest(operation, a, engine)));
  work.scope(() => {
    const t = packScaled(engine, work.float64(n * n), a, lift);
    const z = vectors === undefined ? undefined : work.float64(n * n);
    const values = work.float64(2 * n);
    const exchanges = work.int32(n);
    const exponents = work.int32(n);
    const range = balance(n, t, exchanges, exponents);
    const scale = powerOfTwo(engine.largest(n * n, t, 0));
    scaleBy(t, 1 / scale);
    realSchur(operation, n, range.low, range.high, t, z, work);
    readValues(n, t, values);
    const unit = scale / lift;
    checkRange(operation, engine.largest(2 * n, values, 0), unit, re);
    for (let k = 0; k < n; k++) {
      re[k] = unit * values[k]!;
      im[k] = unit * values[n + k]!;
      // A pair whose imaginary part the dtype has no place for stays a pair, since its vectors are complex.
      if (im[k] === 0) im[k] = Math.sign(values[n + k]!) * SMALLEST[im.BYTES_PER_ELEMENT]!;
    }
    if (vectors === undefined || z === undefined) return;
    const x = work.float64(n * n);
    const v = work.float64(n * n);
    quasiTriangularVectors(n, t, x, engine);
    engine.gemm(false, true, n, n, n, 1, x, 0, n, z, 0, n, 0, v, 0, n);
    undoBalance(n, n, v, exchanges, exponents, range);
    // T is needed for the pairs on its subdiagonal alone; its place receives the imaginary parts.
    normalizeVectors(n, t, v);
    unpackScaled(engine, transpose(vectors.re), v, 1);
    unpackScaled(engine, transpose(vectors.im), t, 1);
  });
}

/** Bytes of scratch that {@link eigInto} needs for an n × n matrix. */
export const eigWorkspace = (n: number): WorkspaceSize =>
  allOf(
    2 * sizeOfFloat64(n * n),
    sizeOfFloat64(2 * n),
    2 * sizeOfInt32(n),
    anyOf(realSchurWorkspace(n), 2 * sizeOfFloat64(n * n)),
  );

function checkVectors(vectors: NonNullable<EigOut["vectors"]>, a: MatrixLike, n: number): void {
  checkOutputs("eig", vectors, "re, im");
  const { re, im } = vectors;
  for (const [name, part] of [
    ["vectors.re", re],
    ["vectors.im", im],
  ] as const) {
    checkOutput("eig", name, part, n, n);
    checkSameDtype("eig", part.data, a.data);
  }
  checkApart("eig", "vectors.re and vectors.im", re, im);
}

/** Real parts, then imaginary parts of the eigenvalues of T's diagonal blocks. */
function readValues(n: number, t: Float64Array, values: Float64Array): void {
  values.fill(0, n);
  for (let k = 0; k < n; k++) {
    const at = k * n + k;
    values[k] = t[at]!;
    if (k + 1 === n || t[at + n] === 0) continue;
    values[k + 1] = values[k]!;
    values[n + k] = Math.sqrt(Math.abs(t[at + 1]!)) * Math.sqrt(Math.abs(t[at + n]!));
    values[n + k + 1] = -values[n + k]!;
    k++;
  }
}
