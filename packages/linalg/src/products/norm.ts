import { describe } from "../arguments.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkMatrix, type MatrixLike } from "../matrix/matrix.ts";
import { asMatrix, type VectorLike } from "../matrix/vector.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { largest, powerOfTwo } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";
import { checkOrder } from "./line-norms.ts";
import { vectorNorm } from "./vector-norm.ts";

/**
 * Of matrices, `"fro"`: root of the sum of squares; `1` and `-1`: largest and smallest sum of magnitudes of a column; `Infinity` and
 * `-Infinity`: of a row; `2` and `-2`: largest and smallest singular value; `"nuc"`: sum of the singular values.
 * Of vectors, any number p: (Σ |x|ᵖ)^(1/p), largest and smallest magnitude for ±Infinity, number of nonzero elements for 0.
 */
export type NormKind = "fro" | "nuc" | number;

const KINDS: readonly unknown[] = ["fro", "nuc", 1, -1, 2, -2, Infinity, -Infinity];

/**
 * A norm of a matrix or vector, in float64 whatever the dtype; the names are NumPy's. 0 for an empty one.
 *
 * @param a - a matrix, or a vector: a typed array or a view of one dimension.
 * @param kind - default `"fro"`, for a vector 2.
 * @param work - for `2`, `-2` and `"nuc"` of a matrix: at least {@link normWorkspace} bytes; taken for the call if left out.
 * @throws {NonFiniteError} with the first NaN or infinity. @throws {OptionError} for an unknown kind.
 * @throws {ShapeError} for a smallest value of none.
 * Accuracy: relative error c √(mn) ε₆₄, at any scale; only a norm beyond the largest float64 is Infinity.
 *
 * @example
 * norm(fromRows([[3, 4]])); // 5
 * norm(Float64Array.of(3, 4), 1); // 7
 */
export function norm(a: VectorLike, kind?: NormKind, work?: Workspace): number {
  const matrix = asMatrix("norm", a);
  checkMatrix("norm", matrix);
  const [m, n] = [matrix.shape[0]!, matrix.shape[1]!];
  if (matrix !== a) {
    const order = kind === undefined ? 2 : kind;
    checkOrder("norm", order, m);
    largest("norm", matrix);
    return vectorNorm({ data: matrix.data, first: matrix.offset, step: matrix.stride[0]!, length: m }, order);
  }
  checkKind("norm", kind === undefined ? "fro" : kind, m, n);
  if (isSpectral(kind)) {
    if (work === undefined) return withWorkspace("norm", normWorkspace(m, n), (own) => norm(a, kind, own));
    checkWorkspace("norm", work);
    return work.scope(() => {
      const { unit, s } = scaledSvd("norm", matrix, work, { vectors: false });
      return unit * (kind === "nuc" ? sum(s) : (s.at(kind === 2 ? 0 : -1) ?? 0));
    });
  }
  const unit = powerOfTwo(largest("norm", matrix));
  return kind === undefined || kind === "fro" ? frobenius(matrix, unit) : sumNorm(matrix, kind as number, unit);
}

/** Checks the kind of a norm of an m × n matrix. @throws {OptionError} @throws {ShapeError} for a smallest value of none. */
export function checkKind(operation: string, kind: NormKind, m: number, n: number): void {
  if (!KINDS.includes(kind)) {
    throw new OptionError(operation, `kind must be "fro", "nuc", ±1, ±2 or ±Infinity, got ${describe(kind)}`);
  }
  const values = kind === -1 ? n : kind === -2 ? Math.min(m, n) : m;
  if ((kind as number) < 0 && values === 0) {
    throw new ShapeError(operation, `[${m}, ${n}] has no norm of kind ${kind}`);
  }
}

const isSpectral = (kind: NormKind | undefined): boolean => kind === 2 || kind === -2 || kind === "nuc";
const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/** Bytes of scratch that {@link norm} needs for the kinds `2`, `-2` and `"nuc"`. */
export const normWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n);

function frobenius(a: MatrixLike, unit: number): number {
  let sum = 0;
  for (let i = 0; i < a.shape[0]!; i++) {
    for (let j = 0; j < a.shape[1]!; j++) {
      const x = a.data[a.offset + i * a.stride[0]! + j * a.stride[1]!]! / unit;
      sum += x * x;
    }
  }
  return unit * Math.sqrt(sum);
}

/** Largest (kind 1, Infinity) or smallest (−1, −Infinity) sum of magnitudes of the columns (±1) or rows (±Infinity), none beyond 2 `unit`. */
function sumNorm(a: MatrixLike, kind: number, unit: number): number {
  const [axis, other] = Math.abs(kind) === 1 ? [1, 0] : [0, 1];
  let extreme = kind > 0 ? 0 : Infinity;
  for (let i = 0; i < a.shape[axis]!; i++) {
    let sum = 0;
    for (let j = 0; j < a.shape[other]!; j++) {
      sum += Math.abs(a.data[a.offset + i * a.stride[axis]! + j * a.stride[other]!]!) / unit;
    }
    extreme = kind > 0 ? Math.max(extreme, sum) : Math.min(extreme, sum);
  }
  return unit * extreme;
}
