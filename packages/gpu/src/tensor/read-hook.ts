import type { GpuTensor } from "./tensor.ts";

/** Batches read-backs of a GPU: one wait can download several results. */
export interface ReadHook {
  /** Called before `a` is written to or disposed of. */
  beforeWrite(a: GpuTensor): void;
  /** Called before the norm of `a` is computed. Afterwards `gpu.norms(a)` may hold it. */
  beforeNorm(a: GpuTensor): void;
  /** The elements of `a`, row-major, by one call of `download` on `a` or on a tensor that begins with its rows. */
  read(a: GpuTensor, download: (a: GpuTensor) => Float32Array): Float32Array;
}
