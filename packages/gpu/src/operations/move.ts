import { GpuShapeError } from "../errors.ts";
import { sliceKernel, transposeKernel } from "../kernels/copy-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Copies the transpose. Owned by the innermost open scope, else by the caller. */
export function transpose(a: GpuTensor): GpuTensor {
  return transposeInto(a.gpu.empty(a.cols, a.rows), a);
}

/** out ← aᵀ. `out` may be `a` if that is square. @throws {GpuShapeError} */
export function transposeInto(out: GpuTensor, a: GpuTensor): GpuTensor {
  if (out.rows !== a.cols || out.cols !== a.rows) {
    throw new GpuShapeError(`transpose: expected out ${a.cols} x ${a.rows}, got ${out.rows} x ${out.cols}`);
  }
  a.gpu.run(transposeKernel, out, [a], [a.rows]);
  return out;
}

export interface SliceRange {
  /** First row and number of rows. Default: all. */
  readonly rows?: readonly [first: number, count: number];
  /** First column and number of columns. Default: all. */
  readonly cols?: readonly [first: number, count: number];
}

/** Copies a range of rows and columns. Owned by the innermost open scope, else by the caller. @throws {GpuShapeError} if it is out of range. */
export function slice(a: GpuTensor, { rows = [0, a.rows], cols = [0, a.cols] }: SliceRange): GpuTensor {
  for (const [[first, count], size] of [[rows, a.rows] as const, [cols, a.cols] as const]) {
    const inside =
      Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0 && first + count <= size;
    if (!inside) throw new GpuShapeError(`slice: ${count} from ${first} on do not lie in ${size}`);
  }
  const out = a.gpu.empty(rows[1], cols[1]);
  a.gpu.run(sliceKernel, out, [a], [rows[0], cols[0], cols[1]]);
  return out;
}
