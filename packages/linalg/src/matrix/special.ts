import { checkOptions, type OptionKinds } from "../arguments.ts";
import { checkOffset, type DiagonalOptions } from "./diagonal.ts";
import { type Matrix, newMatrix } from "./matrix.ts";
import type { Dtype, RealOf } from "./real.ts";

/** Options of {@link eye}. */
export interface EyeOptions<T extends Dtype = Dtype> extends DiagonalOptions {
  /** Default `"float64"`. */
  readonly dtype?: T;
}

const EYE_OPTIONS: OptionKinds<EyeOptions> = { offset: "number", dtype: "any" };

/**
 * Ones on a diagonal, zeros elsewhere; see {@link identity} for the square one.
 *
 * @param cols - default `rows`.
 * @throws {ShapeError} if a size is not a whole number. @throws {DtypeError} @throws {OptionError}
 *
 * @example
 * eye(2, 3, { offset: 1 }); // [[0, 1, 0], [0, 0, 1]]
 */
export function eye<T extends Dtype = "float64">(
  rows: number,
  cols: number = rows,
  options: EyeOptions<T> = {},
): Matrix<RealOf<T>> {
  checkOptions<EyeOptions>("eye", options, EYE_OPTIONS);
  const offset = checkOffset("eye", options);
  const a = newMatrix("eye", rows, cols, options.dtype ?? "float64");
  for (let i = Math.max(0, -offset); i < Math.min(rows, cols - offset); i++) a.data[i * cols + i + offset] = 1;
  return a as Matrix<RealOf<T>>;
}

/** A new `rows × cols` matrix of ones. @throws {ShapeError} if a size is not a whole number. @throws {DtypeError} */
export function ones(rows: number, cols: number): Matrix<Float64Array>;
export function ones<T extends Dtype>(rows: number, cols: number, dtype: T): Matrix<RealOf<T>>;
export function ones(rows: number, cols: number, dtype: Dtype = "float64"): Matrix {
  const a = newMatrix("ones", rows, cols, dtype);
  a.data.fill(1);
  return a;
}
