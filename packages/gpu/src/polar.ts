import { type PolarOptions, polar as polarOnCpu } from "@sumo/linalg";
import type { GpuTensor } from "./tensor.ts";

export interface GpuPolar {
  /** Orthogonal polar factor, the shape of the input. Owned by the innermost open scope, else by the caller. */
  readonly u: GpuTensor;
  /** Singular values, descending. */
  readonly s: Float64Array;
  /** How many of them exceed the tolerance. */
  readonly rank: number;
}

/**
 * Orthogonal polar factor, exact: the matrix is read back and factored in float64 by `polar` of `@sumo/linalg`, whose contract this is.
 * For no read-back and an approximation, see {@link newtonSchulz}.
 *
 * @throws {NonFiniteError}
 */
export function polar(a: GpuTensor, options: PolarOptions = {}): GpuPolar {
  const { u, s, rank } = polarOnCpu(a.toMatrix(), options);
  return { u: a.gpu.tensor(u), s, rank };
}

/** out ← the polar factor; see {@link polar}. `out` may be `a`. */
export function polarInto(out: GpuTensor, a: GpuTensor, options: PolarOptions = {}): Omit<GpuPolar, "u"> {
  const { u, s, rank } = polarOnCpu(a.toMatrix(), options);
  out.write(u.data);
  return { s, rank };
}
