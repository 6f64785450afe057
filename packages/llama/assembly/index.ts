export { attention } from "./attention";
export { attentionBackward } from "./attention-backward";
export { crossEntropy } from "./cross-entropy";
export { embed, embedGradient } from "./embed";
export { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./rms-norm";
export { sumRows } from "./sum-rows";
export { swiglu, swigluBackward } from "./swiglu";
