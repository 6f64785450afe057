export { type Command, Gpu, type GpuArray, requestGpu } from "./gpu.ts";
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
export { swiglu, swigluBackward } from "./kernels/swiglu.ts";
