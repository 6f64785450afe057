import { checkTensors } from "../arguments.ts";
import { GpuShapeError } from "../errors.ts";
import { addRowKernel, scaleColumnsKernel, scaleRowsKernel } from "../kernels/line-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";

/** Multiplies row i of `a` by factor i, an m × 1 column. Owned, like every result here, by the innermost open scope, else by the caller. */
export function scaleRows(a: GpuTensor, factors: GpuTensor): GpuTensor {
  checkFactors("scaleRows", a, a, factors, "rows");
  return scaleRowsInto(a.gpu.empty(a.rows, a.cols), a, factors);
}

/** out ← row i of `a` times factor i. `out` may be `a`. @throws {GpuShapeError} */
export function scaleRowsInto(out: GpuTensor, a: GpuTensor, factors: GpuTensor): GpuTensor {
  checkFactors("scaleRows", out, a, factors, "rows");
  a.gpu.run(scaleRowsKernel, out, [a, factors]);
  return out;
}

/** Multiplies column j of `a` by factor j, a 1 × n row. */
export function scaleColumns(a: GpuTensor, factors: GpuTensor): GpuTensor {
  checkFactors("scaleColumns", a, a, factors, "cols");
  return scaleColumnsInto(a.gpu.empty(a.rows, a.cols), a, factors);
}

/** out ← column j of `a` times factor j. `out` may be `a`. @throws {GpuShapeError} */
export function scaleColumnsInto(out: GpuTensor, a: GpuTensor, factors: GpuTensor): GpuTensor {
  checkFactors("scaleColumns", out, a, factors, "cols");
  a.gpu.run(scaleColumnsKernel, out, [a, factors]);
  return out;
}

/** Adds `row`, 1 × n, to every row of `a`. @throws {GpuShapeError} */
export function addRow(a: GpuTensor, row: GpuTensor): GpuTensor {
  checkFactors("addRow", a, a, row, "cols");
  const out = a.gpu.empty(a.rows, a.cols);
  a.gpu.run(addRowKernel, out, [a, row]);
  return out;
}

/** Checks that there is a factor for each row or column of `a`, and that `out` has its shape. @throws {GpuShapeError} */
function checkFactors(
  operation: string,
  out: GpuTensor,
  a: GpuTensor,
  factors: GpuTensor,
  along: "rows" | "cols",
): void {
  checkTensors(operation, [a, factors, out]);
  checkShape(operation, factors, along === "rows" ? a.rows : 1, along === "rows" ? 1 : a.cols);
  checkShape(operation, out, a.rows, a.cols);
}

function checkShape(operation: string, tensor: GpuTensor, rows: number, cols: number): void {
  if (tensor.rows === rows && tensor.cols === cols) return;
  throw new GpuShapeError(`${operation}: expected ${rows} x ${cols}, got ${tensor.rows} x ${tensor.cols}`);
}
