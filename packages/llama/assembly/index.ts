export { attention, attentionBackward } from "./attention";
export { crossEntropy } from "./cross-entropy";
export { embed, embedGradient } from "./embed";
export { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./rms-norm";
export { swiglu, swigluBackward } from "./swiglu";
