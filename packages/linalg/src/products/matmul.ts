import { checkOptions, type OptionKinds } from "../arguments.ts";
import { currentEngine } from "../engine/current.ts";
import type { Engine } from "../engine/engine.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkOutput, checkSameDtype, dtype } from "../matrix/checks.ts";
import { columnLeading, isColumnMajor, isRowMajor, leading, pack, unpack } from "../matrix/layout.ts";
import { checkMatrix, type Matrix, type MatrixLike, type Vector } from "../matrix/matrix.ts";
import { mayOverlap } from "../matrix/overlap.ts";
import type { Dtype, Real } from "../matrix/real.ts";
import { asMatrix, inFormOf, type VectorLike } from "../matrix/vector.ts";
import { newWorkspace, zerosLike } from "../memory/allocate.ts";
import {
  allOf,
  checkWorkspace,
  sizeOfFloat32,
  sizeOfFloat64,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Use aᵀ. Costs nothing; neither does a transposed view. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Options of {@link matmulInto}. */
export interface MatmulIntoOptions extends MatmulOptions {
  readonly alpha?: number;
  /** 0 (the default) ignores what `out` held, NaN included. */
  readonly beta?: number;
}

const OPTIONS: OptionKinds<MatmulOptions> = { transposeA: "boolean", transposeB: "boolean" };
const INTO_OPTIONS: OptionKinds<MatmulIntoOptions> = { ...OPTIONS, alpha: "number", beta: "number" };

/**
 * Matrix product op(a) op(b), with op(x) = x or xᵀ.
 *
 * @param a - m × k after transposition, any strides.
 * @param b - k × n after transposition, any strides, same dtype; or a vector of k elements, a typed array or a view of one dimension.
 * @returns a new m × n matrix of that dtype; a vector of m elements, in the form of `b`, for a vector.
 * @throws {ShapeError} if the inner sizes differ. @throws {OptionError} for the transpose of a vector. @throws {DtypeError} if the dtypes differ.
 * NaN and infinities go through by IEEE rules.
 * Accuracy: |error| ≤ (k + 2) ε |a| |b|, elementwise. Cost: 2mnk flops.
 *
 * @see Higham, Accuracy and Stability of Numerical Algorithms (2002), §3.5.
 *
 * @example
 * matmul(fromRows([[1, 2]]), fromRows([[3], [4]])).get(0, 0); // 11
 */
export function matmul<D extends Real>(a: MatrixLike<D>, b: D, options?: MatmulOptions): Vector<D>;
export function matmul<D extends Real>(a: MatrixLike<D>, b: MatrixLike<D>, options?: MatmulOptions): Matrix<D>;
export function matmul<D extends Real>(
  a: MatrixLike<D>,
  b: VectorLike<D>,
  options: MatmulOptions = {},
): Vector<D> | Matrix<D> {
  checkOptions("matmul", options, OPTIONS);
  const right = asMatrix("matmul", b);
  if (right !== b && options.transposeB === true)
    throw new OptionError("matmul", "transposeB is for matrices, b is a vector");
  const { m, n } = productSizes("matmul", a, right, options);
  return inFormOf(b, matmulInto(zerosLike("matmul", a, m, n), a, right, options));
}

/**
 * out ← alpha op(a) op(b) + beta out.
 *
 * @param out - m × n, any strides that keep its elements apart. May overlap `a` or `b`: then the product is formed in scratch.
 * @param work - at least {@link matmulWorkspace} bytes; it also names the engine. Without it the current engine is used, and
 * scratch is taken from its heap for the call where it is needed. Operands that are row-major, or transposed views of such, and
 * that `out` does not overlap, need no scratch and are never copied if they lie in the engine's heap.
 * @throws {ShapeError} if sizes do not match, @throws {DtypeError} if dtypes differ, before anything is written.
 * Accuracy and cost: see {@link matmul}.
 */
export function matmulInto<M extends MatrixLike>(
  out: M,
  a: MatrixLike,
  b: MatrixLike,
  options: MatmulIntoOptions = {},
  work?: Workspace,
): M {
  checkOptions("matmul", options, INTO_OPTIONS);
  if (work !== undefined) checkWorkspace("matmul", work);
  const { m, n, k } = productSizes("matmul", a, b, options);
  checkOutput("matmul", "out", out, m, n);
  checkSameDtype("matmul", out.data, a.data);
  const overlaps = mayOverlap(out, a) || mayOverlap(out, b);
  if (!overlaps && isPlain(out) && isPlain(a) && isPlain(b)) {
    product(work?.engine ?? currentEngine(), out, a, b, m, n, k, options);
    return out;
  }
  const scratch = work ?? newWorkspace("matmul", matmulWorkspace(m, n, k, dtype(a)));
  try {
    scratch.scope(() => {
      const target = isPlain(out) && !overlaps ? out : packed(out, scratch);
      const left = isPlain(a) ? a : packed(a, scratch);
      const right = isPlain(b) ? b : packed(b, scratch);
      product(scratch.engine, target, left, right, m, n, k, options);
      if (target !== out) unpack(out, target.data);
    });
  } finally {
    if (work === undefined) scratch.dispose();
  }
  return out;
}

/** Bytes of scratch for an m × n product of k inner terms whose operands are all strided; 0 is enough where none is. */
export function matmulWorkspace(m: number, n: number, k: number, dtype: Dtype = "float64"): WorkspaceSize {
  const sizeOf = dtype === "float32" ? sizeOfFloat32 : sizeOfFloat64;
  return allOf(sizeOf(m * n), sizeOf(m * k), sizeOf(k * n));
}

function productSizes(
  operation: string,
  a: MatrixLike,
  b: MatrixLike,
  { transposeA = false, transposeB = false }: MatmulOptions,
): { m: number; n: number; k: number } {
  checkMatrix(operation, a);
  checkMatrix(operation, b, "b");
  checkSameDtype(operation, a.data, b.data);
  const m = a.shape[transposeA ? 1 : 0]!;
  const k = a.shape[transposeA ? 0 : 1]!;
  const n = b.shape[transposeB ? 0 : 1]!;
  const inner = b.shape[transposeB ? 1 : 0]!;
  if (k !== inner)
    throw new ShapeError(operation, `expected equal inner sizes, got [${m}, ${k}] times [${inner}, ${n}]`);
  return { m, n, k };
}

const isPlain = (a: MatrixLike): boolean => isRowMajor(a) || isColumnMajor(a);

/** The product of plain operands. A column-major output is the row-major output of outᵀ ← op(b)ᵀ op(a)ᵀ. */
function product(
  engine: Engine,
  out: MatrixLike,
  a: MatrixLike,
  b: MatrixLike,
  m: number,
  n: number,
  k: number,
  { transposeA = false, transposeB = false, alpha = 1, beta = 0 }: MatmulIntoOptions,
): void {
  const aByRows = isRowMajor(a);
  const bByRows = isRowMajor(b);
  const lda = aByRows ? leading(a) : columnLeading(a);
  const ldb = bByRows ? leading(b) : columnLeading(b);
  const ta = transposeA === aByRows;
  const tb = transposeB === bByRows;
  const left = [a.data, a.offset, lda] as const;
  const right = [b.data, b.offset, ldb] as const;
  if (isRowMajor(out)) engine.gemm(ta, tb, m, n, k, alpha, ...left, ...right, beta, out.data, out.offset, leading(out));
  else engine.gemm(!tb, !ta, n, m, k, alpha, ...right, ...left, beta, out.data, out.offset, columnLeading(out));
}

/** A row-major copy in scratch. */
function packed(a: MatrixLike, work: Workspace): MatrixLike {
  const rows = a.shape[0]!;
  const cols = a.shape[1]!;
  const data = dtype(a) === "float32" ? work.float32(rows * cols) : work.float64(rows * cols);
  return { data: pack(data, a), shape: a.shape, stride: [cols, 1], offset: 0 };
}
