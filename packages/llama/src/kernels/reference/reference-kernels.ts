import type { Kernels } from "../kernels.ts";
import { attention, attentionBackward } from "./attention.ts";
import { roundAtRandom, widen } from "./bfloat16.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { embed, embedGradient } from "./embed.ts";
import { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./rms-norm.ts";
import { sumRows } from "./sum-rows.ts";
import { swiglu, swigluBackward } from "./swiglu.ts";

/** Kernels in plain TypeScript with float64 sums: the executable definition of {@link Kernels}. Slow. */
export const referenceKernels: Kernels = {
  embed,
  embedGradient,
  rmsNorm,
  rmsNormBackward,
  rmsNormWeightGradient,
  sumRows,
  attention,
  attentionBackward,
  swiglu,
  swigluBackward,
  crossEntropy,
  widen,
  roundAtRandom,
};
