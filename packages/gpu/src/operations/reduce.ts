import { checkTensors } from "../arguments.ts";
import type { KernelSource } from "../device/device.ts";
import { columnNormsKernel, columnSumsKernel, rowNormsKernel, rowSumsKernel } from "../kernels/reduction-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";
import { transpose } from "./move.ts";

/** Elements that one thread sums in float32; the host adds the threads' sums in float64. */
const PART = 256;
/** Largest read-back of partial sums; more are reduced on the device first. */
const MAX_PARTS = 4096;

/**
 * Frobenius norm. Finite if and only if all elements are. Waits for the GPU.
 * Accuracy: about 20 units of float32 roundoff, whatever the size and scale. Reads back at most one number for 256 elements.
 */
export function norm(a: GpuTensor): number {
  checkTensors("norm", [a]);
  const norms = a.gpu.announcedNorms(a);
  norms.whole ??= Math.sqrt(parts(a, rowNormsKernel).reduce((sum, part) => sum + part * part, 0));
  return norms.whole;
}

/** Sum of all elements. Waits for the GPU. */
export function sum(a: GpuTensor): number {
  checkTensors("sum", [a]);
  return parts(a, rowSumsKernel).reduce((total, part) => total + part, 0);
}

/** Norm of every row, m × 1. Owned, like every result here, by the innermost open scope, else by the caller. */
export function rowNorms(a: GpuTensor): GpuTensor {
  checkTensors("rowNorms", [a]);
  return overRows(a, rowNormsKernel, a.cols);
}

/** Sum of every row, m × 1. */
export function rowSums(a: GpuTensor): GpuTensor {
  checkTensors("rowSums", [a]);
  return overRows(a, rowSumsKernel, a.cols);
}

/** Norm of every column, 1 × n. */
export function columnNorms(a: GpuTensor): GpuTensor {
  checkTensors("columnNorms", [a]);
  return overColumns(a, columnNormsKernel);
}

/** Sum of every column, 1 × n. */
export function columnSums(a: GpuTensor): GpuTensor {
  checkTensors("columnSums", [a]);
  return overColumns(a, columnSumsKernel);
}

function parts(a: GpuTensor, kernel: KernelSource): Float32Array {
  return a.gpu.scope(() => {
    const along = overRows(a, kernel, Math.min(a.cols, PART));
    if (along.rows * along.cols <= MAX_PARTS) return along.read();
    return overRows(transpose(along), kernel, Math.min(along.rows, PART)).read();
  });
}

/** Reduces every `span` columns of every row to one number. */
function overRows(a: GpuTensor, kernel: KernelSource, span: number): GpuTensor {
  const count = Math.ceil(a.cols / Math.max(1, span));
  const out = a.gpu.empty(a.rows, count);
  const group = a.gpu.groupSize;
  a.gpu.run(kernel, out, [a], [Math.ceil(a.cols / group), Math.ceil(span / group), count]);
  return out;
}

function overColumns(a: GpuTensor, kernel: KernelSource): GpuTensor {
  const out = a.gpu.empty(1, a.cols);
  a.gpu.run(kernel, out, [a], [a.rows]);
  return out;
}
