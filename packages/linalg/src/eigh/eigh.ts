import { checkOptions, checkOutputs, describe, type OptionKinds } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import { checkOutput, checkSameDtype, checkShape, checkSquare, checkVector } from "../matrix/checks.ts";
import type { Matrix, MatrixLike, Vector } from "../matrix/matrix.ts";
import type { Real } from "../matrix/real.ts";
import { byLowerTriangle, checkTriangle, type TriangleOptions } from "../matrix/triangle.ts";
import { vectorLike, withWorkspace, zerosLike } from "../memory/allocate.ts";
import { checkRange, largest, largestOfTriangle, packScaled, powerOfTwo } from "../memory/scale.ts";
import {
  allOf,
  anyOf,
  checkWorkspace,
  sizeOfFloat64,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";
import { orthonormalizeColumns, orthonormalizeColumnsWorkspace } from "../qr/orthonormalize.ts";
import { signOf } from "../rows/sign.ts";
import { writeIdentity } from "../rows/write-identity.ts";
import { jacobiEigen } from "./jacobi-eigen.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "./symmetric-eigen.ts";

/** Up to this order Jacobi takes no more time than the reduction to tridiagonal form. */
const SMALL = 5;
/** Exponent of the largest element under Jacobi's method, which squares no element. */
const JACOBI_EXPONENT = 400;

/** Options of {@link eigh}. */
export interface EighOptions extends TriangleOptions {
  /**
   * `"tridiagonal"`: reduction to tridiagonal form, then divide and conquer (QL for values alone), or the engine's LAPACK.
   * `"jacobi"`: two-sided Jacobi, for small eigenvalues to full relative accuracy where they have it; see {@link eigh}.
   * `"auto"` (default): Jacobi up to order 5 and with a `start`, else tridiagonal.
   */
  readonly method?: "auto" | "tridiagonal" | "jacobi";
  /**
   * n × n, its columns close to the eigenvectors, in any order, such as the vectors of a matrix that has changed little since: Jacobi
   * turns them no further than it must, so that vectors of equal values stay as they are. That takes fewer sweeps than from the
   * identity, though above order 5 still more time than the tridiagonal method. A start far off costs time, not accuracy. May be `vectors`.
   */
  readonly start?: MatrixLike;
}

const OPTIONS: OptionKinds<EighOptions> = { method: "any", start: "any", triangle: "any" };

/** Result of {@link eigh}. */
export interface Eigh<D extends Real = Real> {
  /** Eigenvalues, ascending. */
  readonly values: Vector<D>;
  /** Column j is the eigenvector of values[j]; its largest component is positive. */
  readonly vectors: Matrix<D>;
}

/** Outputs of {@link eighInto}. */
export interface EighOut {
  readonly values: Real;
  /** Left out: only values are computed. */
  readonly vectors?: MatrixLike;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, in float64 inside.
 *
 * @param a - n × n, any strides; only one triangle is read, the lower one unless `triangle` says otherwise.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity of the triangle.
 * @throws {OptionError} for a `start` with the tridiagonal method. @throws {NotConvergedError} if the iteration fails, which no finite
 * matrix is known to cause.
 * Accuracy: |value error| ≤ c n ε ‖a‖₂; ‖vᵀv − I‖ ≤ c n ε. By Jacobi without `start`, each value of a positive
 * definite matrix D H D, with D diagonal and ones on the diagonal of H, to the relative error c n ε₆₄ κ(H), however different the
 * elements of D, before it is rounded to the dtype.
 * Cost: about 5n³ flops, (4/3)n³ for values alone; by Jacobi 6n³ (3n³) a sweep, of which there are six to ten, or two to five with `start`.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §8.3, §8.4.4 and §8.5; Demmel and Veselić, Jacobi's method is more accurate
 * than QR (1992).
 *
 * @example
 * eigh(fromRows([[2, 1], [1, 2]])).values; // [1, 3]
 */
export function eigh<D extends Real>(a: MatrixLike<D>, options: EighOptions = {}): Eigh<D> {
  const n = checkSquare("eigh", a);
  checkOptions("eigh", options, OPTIONS);
  const out = { values: vectorLike("eigh", a, n), vectors: zerosLike("eigh", a, n, n) };
  withWorkspace("eigh", eighWorkspace(n, options), (work) => eighInto(out, a, work, options));
  return out;
}

/** Eigenvalues alone, ascending; see {@link eigh}. */
export function eigvalsh<D extends Real>(a: MatrixLike<D>, options: EighOptions = {}): Vector<D> {
  const n = checkSquare("eigvalsh", a);
  checkOptions("eigvalsh", options, OPTIONS);
  const values = vectorLike("eigvalsh", a, n);
  withWorkspace("eigvalsh", eighWorkspace(n, options), (work) => writeEigh("eigvalsh", { values }, a, work, options));
  return values;
}

/**
 * out ← eigenvalues and eigenvectors; see {@link eigh}.
 *
 * @param out - values of length n and vectors n × n, of the dtype of `a`; vectors may be `a`.
 * @param work - at least {@link eighWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} @throws {OptionError} before anything is written.
 */
export function eighInto(out: EighOut, a: MatrixLike, work: Workspace, options: EighOptions = {}): void {
  const n = checkSquare("eigh", a);
  checkOptions("eigh", options, OPTIONS);
  checkOutputs("eigh", out, "values, vectors");
  const { values, vectors } = out;
  checkVector("eigh", "values", values, n, a.data);
  checkWorkspace("eigh", work);
  if (vectors !== undefined) {
    checkOutput("eigh", "vectors", vectors, n, n);
    checkSameDtype("eigh", vectors.data, a.data);
  }
  writeEigh("eigh", out, a, work, options);
}

/** out ← eigenvalues and eigenvectors, of arguments that were checked. @throws {NonFiniteError} @throws {OptionError} */
export function writeEigh(
  operation: string,
  { values, vectors }: EighOut,
  a: MatrixLike,
  work: Workspace,
  options: EighOptions,
): void {
  const n = a.shape[0]!;
  const { start } = options;
  checkTriangle(operation, options);
  const byJacobi = usesJacobi(operation, n, options);
  const startUnit = start === undefined ? 1 : powerOfTwo(largest(operation, start, work.engine));
  // Jacobi keeps the digits of small values beside large ones: the largest element is put high, so that fewer of the others vanish.
  const most = powerOfTwo(largestOfTriangle(operation, a, options.triangle));
  const unit = byJacobi ? Math.max(2 ** -1022, most * 2 ** -JACOBI_EXPONENT) : most;
  work.scope(() => {
    const x = work.float64(n * n);
    const rows = work.float64(n * n);
    const spectrum = work.float64(n);
    packLower(x, byLowerTriangle(a, options), 1 / unit);
    const wanted = vectors === undefined ? undefined : rows;
    if (byJacobi) {
      if (start === undefined) writeIdentity(n, rows);
      else turnTo(n, x, packScaled(work.engine, rows, start, 1 / startUnit), work);
      jacobiEigen(operation, n, x, spectrum, wanted, work);
    } else symmetricEigen(operation, n, x, spectrum, wanted, work);
    const widest = n === 0 ? 0 : Math.max(Math.abs(spectrum[0]!), Math.abs(spectrum[n - 1]!));
    checkRange(operation, widest, unit, values);
    for (let i = 0; i < n; i++) values[i] = unit * spectrum[n - 1 - i]!;
    if (vectors !== undefined) writeVectors(vectors, n, rows);
  });
}

/** Bytes of scratch that {@link eighInto} needs for an n × n matrix. */
export const eighWorkspace = (n: number, { start }: EighOptions = {}): WorkspaceSize =>
  allOf(
    2 * sizeOfFloat64(n * n),
    sizeOfFloat64(n),
    anyOf(
      symmetricEigenWorkspace(n),
      start === undefined ? 0 : anyOf(sizeOfFloat64(n * n), orthonormalizeColumnsWorkspace(n, n)),
    ),
  );

/** Checks the options and decides. @throws {OptionError} @throws {ShapeError} */
function usesJacobi(operation: string, n: number, { method = "auto", start }: EighOptions): boolean {
  if (method !== "auto" && method !== "tridiagonal" && method !== "jacobi") {
    throw new OptionError(operation, `method must be "auto", "tridiagonal" or "jacobi", got ${describe(method)}`);
  }
  if (start !== undefined) {
    if (method === "tridiagonal") throw new OptionError(operation, "only Jacobi's method takes a start");
    checkShape(operation, "start", start, n, n);
  }
  return method === "jacobi" || (method === "auto" && (n <= SMALL || start !== undefined));
}

/**
 * v ← Vᵀ for an orthonormal basis V of its columns, x ← Vᵀ x V; both packed n × n, x symmetric. Elements that are the products' rounding
 * become zero, so that nothing is turned to follow them.
 */
function turnTo(n: number, x: Float64Array, v: Float64Array, work: Workspace): void {
  const { engine } = work;
  orthonormalizeColumns(n, n, v, false, work);
  work.scope(() => {
    const product = work.float64(n * n);
    engine.gemm(true, false, n, n, n, 1, v, 0, n, x, 0, n, 0, product, 0, n);
    engine.gemm(false, false, n, n, n, 1, product, 0, n, v, 0, n, 0, x, 0, n);
  });
  const rounding = 2 * Math.sqrt(n) * Number.EPSILON * engine.largest(n * n, x, 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (Math.abs(x[j * n + i]!) <= rounding) x[j * n + i] = 0;
      x[i * n + j] = x[j * n + i]!;
      const value = v[i * n + j]!;
      v[i * n + j] = v[j * n + i]!;
      v[j * n + i] = value;
    }
  }
}

/** Packs the symmetric matrix whose lower triangle is that of `a`. */
export function packLower(x: Float64Array, { data, shape, stride, offset }: MatrixLike, alpha: number): void {
  const n = shape[0]!;
  const [rowStride, colStride] = [stride[0]!, stride[1]!];
  for (let i = 0; i < n; i++) {
    for (let j = 0, at = offset + i * rowStride; j <= i; j++, at += colStride) {
      x[i * n + j] = x[j * n + i] = alpha * data[at]!;
    }
  }
}

/** Columns ← the rows in reverse order, signs fixed. */
function writeVectors({ data, stride, offset }: MatrixLike, n: number, rows: Float64Array): void {
  const [rowStride, colStride] = [stride[0]!, stride[1]!];
  for (let j = 0; j < n; j++) {
    const row = (n - 1 - j) * n;
    const sign = signOf(rows, row, n);
    for (let i = 0; i < n; i++) data[offset + i * rowStride + j * colStride] = sign * rows[row + i]!;
  }
}
