import { vectorLike, withWorkspace, zerosLike } from "./allocate.ts";
import { checkOutput, checkSameDtype, checkSquare } from "./border.ts";
import { ShapeError } from "./errors.ts";
import type { Matrix, MatrixLike, Real, Vector } from "./matrix.ts";
import { largestLower, powerOfTwo } from "./scale.ts";
import { signOf } from "./sign.ts";
import { symmetricEigen, symmetricEigenWorkspace } from "./symmetric-eigen.ts";
import { allOf, sizeOfFloat64, type Workspace, type WorkspaceSize } from "./workspace.ts";

export interface Eigh<D extends Real = Real> {
  /** Eigenvalues, ascending. */
  readonly values: Vector<D>;
  /** Column j is the eigenvector of values[j]; its largest component is positive. */
  readonly vectors: Matrix<D>;
}

export interface EighOut {
  readonly values: Real;
  /** Left out: only values are computed. */
  readonly vectors?: MatrixLike;
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, in float64 inside: tridiagonal reduction, then divide and conquer (QL for values
 * alone); on an engine with LAPACK, its syevd.
 *
 * @param a - n × n, any strides; only its lower triangle is read, as in NumPy.
 * @throws {ShapeError} if `a` is not square. @throws {NonFiniteError} with the first NaN or infinity of the lower triangle.
 * @throws {NotConvergedError} if the iteration fails, which no finite matrix is known to cause.
 * Accuracy: |value error| ≤ c n ε ‖a‖₂; ‖vᵀv − I‖ ≤ c n ε. Cost: about 5n³ flops, (4/3)n³ for values alone.
 *
 * @see Golub and Van Loan, Matrix Computations (2013), §8.3 and §8.4.4.
 *
 * @example
 * eigh(fromRows([[2, 1], [1, 2]])).values; // [1, 3]
 */
export function eigh<D extends Real>(a: MatrixLike<D>): Eigh<D> {
  const n = checkSquare("eigh", a);
  const out = { values: vectorLike(a, n), vectors: zerosLike(a, n, n) };
  withWorkspace(eighWorkspace(n), (work) => eighInto(out, a, work));
  return out;
}

/** Eigenvalues alone, ascending; see {@link eigh}. */
export function eigvalsh<D extends Real>(a: MatrixLike<D>): Vector<D> {
  const n = checkSquare("eigh", a);
  const values = vectorLike(a, n);
  withWorkspace(eighWorkspace(n), (work) => eighInto({ values }, a, work));
  return values;
}

/**
 * out ← eigenvalues and eigenvectors; see {@link eigh}.
 *
 * @param out - values of length n and vectors n × n, of the dtype of `a`; vectors may be `a`.
 * @param work - at least {@link eighWorkspace} bytes.
 * @throws {ShapeError} @throws {DtypeError} @throws {NonFiniteError} before anything is written.
 */
export function eighInto({ values, vectors }: EighOut, a: MatrixLike, work: Workspace): void {
  const n = checkSquare("eigh", a);
  checkSameDtype("eigh", values, a.data);
  if (values.length !== n) throw new ShapeError("eigh", `expected values of length ${n}, got ${values.length}`);
  if (vectors !== undefined) {
    checkOutput("eigh", "vectors", vectors, n, n);
    checkSameDtype("eigh", vectors.data, a.data);
  }
  const unit = powerOfTwo(largestLower("eigh", a));
  work.scope(() => {
    const x = work.float64(n * n);
    const rows = work.float64(n * n);
    const spectrum = work.float64(n);
    packLower(x, a, 1 / unit);
    symmetricEigen("eigh", n, x, spectrum, vectors === undefined ? undefined : rows, work);
    for (let i = 0; i < n; i++) values[i] = unit * spectrum[n - 1 - i]!;
    if (vectors !== undefined) writeVectors(vectors, n, rows);
  });
}

/** Bytes of scratch that {@link eighInto} needs for an n × n matrix. */
export const eighWorkspace = (n: number): WorkspaceSize =>
  allOf(2 * sizeOfFloat64(n * n), sizeOfFloat64(n), symmetricEigenWorkspace(n));

/** Packs the symmetric matrix whose lower triangle is that of `a`. */
function packLower(x: Float64Array, { data, shape, stride, offset }: MatrixLike, alpha: number): void {
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
