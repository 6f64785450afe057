import { checkOptions, type OptionKinds } from "../arguments.ts";
import { currentEngine } from "../engine/current.ts";
import { DtypeError } from "../errors.ts";
import { checkOutput, dtype } from "../matrix/checks.ts";
import { columnLeading, isColumnMajor, isRowMajor, leading, pack, unpack } from "../matrix/layout.ts";
import { checkMatrix, type Matrix, type MatrixLike, matrix, newVector } from "../matrix/matrix.ts";
import { mayOverlap } from "../matrix/overlap.ts";
import type { Dtype } from "../matrix/real.ts";
import { newWorkspace } from "../memory/allocate.ts";
import {
  allOf,
  checkWorkspace,
  sizeOfFloat32,
  sizeOfFloat64,
  type Workspace,
  type WorkspaceSize,
} from "../memory/workspace.ts";

/** Options of {@link gram}. */
export interface GramOptions {
  /** aᵀ a instead of a aᵀ. */
  readonly transpose?: boolean;
}

const OPTIONS: OptionKinds<GramOptions> = { transpose: "boolean" };

/**
 * Gram matrix a aᵀ, or aᵀ a, in float64 whatever the dtype of `a`.
 *
 * Squaring a matrix squares its condition; in float64 a Gram matrix of float32 data still loses less than the data's own rounding
 * up to condition 5e8.
 *
 * @param a - m × n, any strides.
 * @returns a new m × m (n × n if `transpose`) matrix, symmetric to the last bit.
 * @throws {ShapeError} or {DtypeError} if `a` is not a matrix of floats. NaN and infinities go through.
 * Accuracy: |error| ≤ (k + 2) ε₆₄ |a| |a|ᵀ, elementwise. Cost: about n²k flops, half of a product.
 *
 * @example
 * gram(fromRows([[3, 4]])).get(0, 0); // 25
 */
export function gram(a: MatrixLike, options: GramOptions = {}): Matrix<Float64Array> {
  checkMatrix("gram", a);
  checkOptions("gram", options, OPTIONS);
  const n = a.shape[options.transpose === true ? 1 : 0]!;
  return gramInto(matrix(n, n, newVector("gram", n * n, "float64") as Float64Array), a, options);
}

/**
 * out ← a aᵀ, or aᵀ a.
 *
 * @param out - float64, m × m (n × n if `transpose`). May overlap `a`: then the result is formed in scratch.
 * @param work - at least {@link gramWorkspace} bytes; it also names the engine. Operands that are row-major, or transposed views of such, and that lie apart need none.
 * @throws {ShapeError} @throws {DtypeError} before anything is written.
 */
export function gramInto<M extends MatrixLike<Float64Array>>(
  out: M,
  a: MatrixLike,
  options: GramOptions = {},
  work?: Workspace,
): M {
  checkMatrix("gram", a);
  checkOptions("gram", options, OPTIONS);
  if (work !== undefined) checkWorkspace("gram", work);
  const { transpose = false } = options;
  const n = a.shape[transpose ? 1 : 0]!;
  const k = a.shape[transpose ? 0 : 1]!;
  checkOutput("gram", "out", out, n, n);
  if (dtype(out) !== "float64") throw new DtypeError("gram", `expected out of float64, got ${dtype(out)}`);
  const byRows = isRowMajor(a);
  if (isRowMajor(out) && (byRows || isColumnMajor(a)) && !mayOverlap(out, a)) {
    const engine = work?.engine ?? currentEngine();
    const lda = byRows ? leading(a) : columnLeading(a);
    engine.gram(transpose === byRows, n, k, a.data, a.offset, lda, out.data, out.offset, leading(out));
    return out;
  }
  const scratch = work ?? newWorkspace("gram", gramWorkspace(a.shape[0]!, a.shape[1]!, { transpose }, dtype(a)));
  try {
    scratch.scope(() => {
      const packed = dtype(a) === "float32" ? scratch.float32(n * k) : scratch.float64(n * k);
      const c = scratch.float64(n * n);
      scratch.engine.gram(transpose, n, k, pack(packed, a), 0, a.shape[1]!, c, 0, n);
      unpack(out, c);
    });
  } finally {
    if (work === undefined) scratch.dispose();
  }
  return out;
}

/** Bytes of scratch for the Gram matrix of a strided m × n matrix; 0 is enough where none is needed. */
export function gramWorkspace(
  m: number,
  n: number,
  { transpose = false }: GramOptions = {},
  dtype: Dtype = "float64",
): WorkspaceSize {
  const side = transpose ? n : m;
  return allOf(dtype === "float32" ? sizeOfFloat32(m * n) : sizeOfFloat64(m * n), sizeOfFloat64(side * side));
}
