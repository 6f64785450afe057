import type { Kernels } from "./kernels.ts";
import { attention, attentionBackward } from "./reference/attention.ts";
import { crossEntropy } from "./reference/cross-entropy.ts";
import { embed, embedGradient } from "./reference/embed.ts";
import { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./reference/rms-norm.ts";
import { swiglu, swigluBackward } from "./reference/swiglu.ts";

/** The kernels in plain TypeScript, float64 inside: the executable definition of {@link Kernels}. Slow. */
export const referenceKernels: Kernels = {
  embed,
  embedGradient,
  rmsNorm,
  rmsNormBackward,
  rmsNormWeightGradient,
  attention,
  attentionBackward,
  swiglu,
  swigluBackward,
  crossEntropy,
};
