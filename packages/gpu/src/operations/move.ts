import { describe } from "@sumo/linalg";
import { checkOptions, checkTensors } from "../arguments.ts";
import { GpuOptionError, GpuShapeError } from "../errors.ts";
import { sliceKernel, transposeKernel } from "../kernels/copy-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Copies the transpose. Owned by the innermost open scope, else by the caller. */
export function transpose(a: GpuTensor): GpuTensor {
  checkTensors("transpose", [a]);
  return transposeInto(a.gpu.empty(a.cols, a.rows), a);
}

/** out ← aᵀ. `out` may be `a` if that is square. @throws {GpuShapeError} */
export function transposeInto(out: GpuTensor, a: GpuTensor): GpuTensor {
  checkTensors("transpose", [out, a]);
  if (out.rows !== a.cols || out.cols !== a.rows) {
    throw new GpuShapeError(`transpose: expected out ${a.cols} x ${a.rows}, got ${out.rows} x ${out.cols}`);
  }
  a.gpu.run(transposeKernel, out, [a], [a.rows]);
  return out;
}

/** A range of rows and columns. */
export interface SliceRange {
  /** First row and number of rows. Default: all. */
  readonly rows?: readonly [first: number, count: number];
  /** First column and number of columns. Default: all. */
  readonly cols?: readonly [first: number, count: number];
}

/** Copies a range of rows and columns. Owned by the innermost open scope, else by the caller. @throws {GpuShapeError} if it is out of range. */
export function slice(a: GpuTensor, range: SliceRange): GpuTensor {
  checkTensors("slice", [a]);
  checkOptions("slice", range, { rows: "any", cols: "any" });
  const { rows = [0, a.rows], cols = [0, a.cols] } = range;
  checkRange("rows", rows, a.rows);
  checkRange("cols", cols, a.cols);
  const out = a.gpu.empty(rows[1], cols[1]);
  a.gpu.run(sliceKernel, out, [a], [rows[0], cols[0], cols[1]]);
  return out;
}

function checkRange(name: string, range: readonly [first: number, count: number], size: number): void {
  if (!Array.isArray(range) || range.length !== 2 || !range.every(Number.isInteger)) {
    throw new GpuOptionError(`slice: expected ${name} as [first, count], got ${describe(range)}`);
  }
  const [first, count] = range as readonly [number, number];
  if (first >= 0 && count >= 0 && first + count <= size) return;
  throw new GpuShapeError(`slice: ${count} ${name} from ${first} on do not lie in ${size}`);
}
