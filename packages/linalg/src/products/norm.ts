import { describe } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import { checkMatrix, type MatrixLike } from "../matrix/matrix.ts";
import { withWorkspace } from "../memory/allocate.ts";
import { largest, powerOfTwo } from "../memory/scale.ts";
import { checkWorkspace, type Workspace, type WorkspaceSize } from "../memory/workspace.ts";
import { scaledSvd, scaledSvdWorkspace } from "../svd/scaled-svd.ts";

/**
 * `"fro"`: root of the sum of squares. `1`: largest sum of magnitudes of a column. `Infinity`: of a row.
 * `2`: largest singular value. `"nuc"`: sum of the singular values.
 */
export type NormKind = "fro" | "nuc" | 1 | 2 | typeof Infinity;

/**
 * A norm of a matrix, in float64 whatever the dtype; the names are NumPy's. 0 for an empty matrix.
 *
 * @param kind - default `"fro"`.
 * @param work - for `2` and `"nuc"`: at least {@link normWorkspace} bytes; taken for the call if left out.
 * @throws {NonFiniteError} with the first NaN or infinity. @throws {OptionError} for an unknown kind.
 * Accuracy: relative error c √(mn) ε₆₄, at any scale; only a norm beyond the largest float64 is Infinity.
 *
 * @example
 * norm(fromRows([[3, 4]])); // 5
 */
export function norm(a: MatrixLike, kind: NormKind = "fro", work?: Workspace): number {
  checkMatrix("norm", a);
  switch (kind) {
    case "fro":
      return frobenius(a);
    case 1:
      return largestSum(a, 1);
    case Infinity:
      return largestSum(a, 0);
    case 2:
    case "nuc": {
      const [m, n] = [a.shape[0]!, a.shape[1]!];
      if (work === undefined) return withWorkspace("norm", normWorkspace(m, n), (own) => norm(a, kind, own));
      checkWorkspace("norm", work);
      return work.scope(() => {
        const { unit, s } = scaledSvd("norm", a, work, { vectors: false });
        return unit * (kind === 2 ? (s[0] ?? 0) : s.reduce((sum, value) => sum + value, 0));
      });
    }
    default:
      throw new OptionError("norm", `kind must be "fro", "nuc", 1, 2 or Infinity, got ${describe(kind)}`);
  }
}

/** Bytes of scratch that {@link norm} needs for the kinds `2` and `"nuc"`. */
export const normWorkspace = (m: number, n: number): WorkspaceSize => scaledSvdWorkspace(m, n);

function frobenius(a: MatrixLike): number {
  const unit = powerOfTwo(largest("norm", a));
  let sum = 0;
  for (let i = 0; i < a.shape[0]!; i++) {
    for (let j = 0; j < a.shape[1]!; j++) {
      const x = a.data[a.offset + i * a.stride[0]! + j * a.stride[1]!]! / unit;
      sum += x * x;
    }
  }
  return unit * Math.sqrt(sum);
}

/** Largest sum of magnitudes along the other axis of the lines of `axis`: rows (0) or columns (1). */
function largestSum(a: MatrixLike, axis: 0 | 1): number {
  const other = axis === 0 ? 1 : 0;
  const unit = powerOfTwo(largest("norm", a));
  let most = 0;
  for (let i = 0; i < a.shape[axis]!; i++) {
    let sum = 0;
    for (let j = 0; j < a.shape[other]!; j++) {
      sum += Math.abs(a.data[a.offset + i * a.stride[axis]! + j * a.stride[other]!]!) / unit;
    }
    most = Math.max(most, sum);
  }
  return unit * most;
}
