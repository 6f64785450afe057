/**
 * The passes of a LLaMA on WebGPU, and the kernels that they are made of.
 *
 * @module
 */

export { type Command, Gpu, type GpuArray, requestGpu, slice } from "./gpu.ts";
export { createGpuLlama, type GpuLlama } from "./gpu-llama.ts";
export type { Kernel } from "./kernel.ts";
export {
  type AttentionArrays,
  type AttentionBackwardArrays,
  type AttentionSizes,
  attention,
  attentionBackward,
} from "./kernels/attention.ts";
export { crossEntropy } from "./kernels/cross-entropy.ts";
export { embed, embedGradient } from "./kernels/embed.ts";
export { matmul, type ProductOptions } from "./kernels/matmul.ts";
export { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./kernels/rms-norm.ts";
export { rotate } from "./kernels/rotate.ts";
export { fillRows, sumRows } from "./kernels/rows.ts";
export { swiglu, swigluBackward } from "./kernels/swiglu.ts";
export type { GpuPass } from "./pass/pass.ts";
