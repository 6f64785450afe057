export { attention } from "./attention";
export { attentionBackward } from "./attention-backward";
export { roundAtRandom, widen } from "./bfloat16";
export { crossEntropy } from "./cross-entropy";
export { embed, embedGradient } from "./embed";
export { rmsNorm, rmsNormBackward, rmsNormWeightGradient } from "./rms-norm";
export { sumRows } from "./row";
export { swiglu, swigluBackward } from "./swiglu";
