import { GpuShapeError } from "../errors.ts";
import { addRowKernel, scaleColumnsKernel, scaleRowsKernel } from "../kernels/line-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Multiplies row i of `a` by factor i, an m × 1 column. Owned, like every result here, by the innermost open scope, else by the caller. */
export function scaleRows(a: GpuTensor, factors: GpuTensor): GpuTensor {
  return scaleRowsInto(a.gpu.empty(a.rows, a.cols), a, factors);
}

/** out ← row i of `a` times factor i. `out` may be `a`. @throws {GpuShapeError} */
export function scaleRowsInto(out: GpuTensor, a: GpuTensor, factors: GpuTensor): GpuTensor {
  check("scaleRows", factors, a.rows, 1);
  check("scaleRows", out, a.rows, a.cols);
  a.gpu.run(scaleRowsKernel, out, [a, factors]);
  return out;
}

/** Multiplies column j of `a` by factor j, a 1 × n row. */
export function scaleColumns(a: GpuTensor, factors: GpuTensor): GpuTensor {
  return scaleColumnsInto(a.gpu.empty(a.rows, a.cols), a, factors);
}

/** out ← column j of `a` times factor j. `out` may be `a`. @throws {GpuShapeError} */
export function scaleColumnsInto(out: GpuTensor, a: GpuTensor, factors: GpuTensor): GpuTensor {
  check("scaleColumns", factors, 1, a.cols);
  check("scaleColumns", out, a.rows, a.cols);
  a.gpu.run(scaleColumnsKernel, out, [a, factors]);
  return out;
}

/** Adds `row`, 1 × n, to every row of `a`. @throws {GpuShapeError} */
export function addRow(a: GpuTensor, row: GpuTensor): GpuTensor {
  check("addRow", row, 1, a.cols);
  const out = a.gpu.empty(a.rows, a.cols);
  a.gpu.run(addRowKernel, out, [a, row]);
  return out;
}

function check(operation: string, tensor: GpuTensor, rows: number, cols: number): void {
  if (tensor.rows === rows && tensor.cols === cols) return;
  throw new GpuShapeError(`${operation}: expected ${rows} x ${cols}, got ${tensor.rows} x ${tensor.cols}`);
}
