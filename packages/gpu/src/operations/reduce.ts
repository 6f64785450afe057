import type { KernelSource } from "../device/device.ts";
import { columnNormsKernel, columnSumsKernel, rowNormsKernel, rowSumsKernel } from "../kernels/reduction-kernels.ts";
import type { GpuTensor } from "../tensor/tensor.ts";
import { transpose } from "./move.ts";

/** Elements that one thread sums in float32; the sums of threads are summed in float64. */
const PART = 256;
/** More parts than these are worth another pass on the device rather than a longer read-back. */
const MAX_PARTS = 4096;

/**
 * Frobenius norm. Not finite if and only if an element is not. Waits for the GPU.
 * Accuracy: about 20 units of float32 roundoff, whatever the size and scale. Reads back at most one number for 256 elements.
 */
export function norm(a: GpuTensor): number {
  const norms = a.gpu.announcedNorms(a);
  norms.whole ??= Math.sqrt(parts(a, rowNormsKernel).reduce((sum, part) => sum + part * part, 0));
  return norms.whole;
}

/** Sum of all elements. Waits for the GPU. */
export function sum(a: GpuTensor): number {
  return parts(a, rowSumsKernel).reduce((total, part) => total + part, 0);
}

/** m × 1: the norm of every row. Owned, like every result here, by the innermost open scope, else by the caller. */
export function rowNorms(a: GpuTensor): GpuTensor {
  return overRows(a, rowNormsKernel, a.cols);
}

/** m × 1: the sum of every row. */
export function rowSums(a: GpuTensor): GpuTensor {
  return overRows(a, rowSumsKernel, a.cols);
}

/** 1 × n: the norm of every column. */
export function columnNorms(a: GpuTensor): GpuTensor {
  return overColumns(a, columnNormsKernel);
}

/** 1 × n: the sum of every column. */
export function columnSums(a: GpuTensor): GpuTensor {
  return overColumns(a, columnSumsKernel);
}

function parts(a: GpuTensor, kernel: KernelSource): Float32Array {
  return a.gpu.scope(() => {
    const along = overRows(a, kernel, Math.min(a.cols, PART));
    if (along.rows * along.cols <= MAX_PARTS) return along.read();
    return overRows(transpose(along), kernel, Math.min(along.rows, PART)).read();
  });
}

/** One number for every `span` columns of every row. */
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
