export { attention } from "./attention";
export { attentionBackward } from "./attention-backward";
export { crossEntropy } from "./cross-entropy";
export { embed, embedGradient } from "./embed";
export { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./rms-norm";
export { swiglu, swigluBackward } from "./swiglu";
