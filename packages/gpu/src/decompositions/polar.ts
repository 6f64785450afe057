import { type Matrix, type PolarOptions, polar as polarOnCpu } from "@sumo/linalg";
import { checkTensors } from "../arguments.ts";
import { checkSame } from "../operations/elementwise.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Result of the polar decomposition on the GPU. */
export interface GpuPolar {
  /** Orthogonal polar factor, the shape of the input. Owned by the innermost open scope, else by the caller. */
  readonly u: GpuTensor;
  /** Singular values, descending. */
  readonly s: Float64Array;
  /** Number of singular values above the tolerance. */
  readonly rank: number;
}

/**
 * Orthogonal polar factor, exact: the matrix is read back and factored in float64 by `polar` of `@sumo/linalg`, whose contract this is.
 * For an approximation without a read-back, see {@link newtonSchulz}.
 *
 * @throws {NonFiniteError}
 */
export function polar(a: GpuTensor, options: PolarOptions = {}): GpuPolar {
  checkTensors("polar", [a]);
  const { u, s, rank } = polarOnCpu(a.toMatrix(), options);
  return { u: a.gpu.tensor(u), s, rank };
}

/** out ← the polar factor; see {@link polar}. `out` may be `a`. */
export function polarInto(out: GpuTensor, a: GpuTensor, options: PolarOptions = {}): Omit<GpuPolar, "u"> {
  checkSame("polar", [out, a]);
  const { u, s, rank } = polarOnCpu(a.toMatrix(), options);
  out.write(u.data);
  Object.assign(out.gpu.norms(out), lineNorms(u));
  return { s, rank };
}

function lineNorms({ data, shape: [m, n] }: Matrix<Float32Array>): { rows: Float64Array; columns: Float64Array } {
  const [rows, columns] = [new Float64Array(m), new Float64Array(n)];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const square = data[i * n + j]! ** 2;
      rows[i]! += square;
      columns[j]! += square;
    }
  }
  return { rows: rows.map(Math.sqrt), columns: columns.map(Math.sqrt) };
}
