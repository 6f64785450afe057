import { checkOptions, type OptionKinds } from "../arguments.ts";
import { OptionError } from "../errors.ts";
import { dtype } from "../matrix/checks.ts";
import type { MatrixLike } from "../matrix/matrix.ts";

/** Options of routines that count singular values. */
export interface ToleranceOptions {
  /** Singular values up to `tolerance` times the largest count as zero. Default: ε of the dtype times max(m, n), as in NumPy's matrix_rank. */
  readonly tolerance?: number;
}

const OPTIONS: OptionKinds<ToleranceOptions> = { tolerance: "number" };

/** The relative tolerance to use. @throws {OptionError} */
export function toleranceOf(operation: string, a: MatrixLike, options: ToleranceOptions): number {
  checkOptions(operation, options, OPTIONS);
  const { tolerance } = options;
  if (tolerance === undefined) {
    return (dtype(a) === "float32" ? 2 ** -23 : Number.EPSILON) * Math.max(a.shape[0]!, a.shape[1]!);
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new OptionError(operation, `tolerance must lie in [0, 1), got ${tolerance}`);
  }
  return tolerance;
}

/** Number of the descending values `s` above `tolerance` times the first. */
export function rankOf(s: ArrayLike<number>, tolerance: number): number {
  let rank = 0;
  while (rank < s.length && s[rank]! > tolerance * s[0]!) rank++;
  return rank;
}
