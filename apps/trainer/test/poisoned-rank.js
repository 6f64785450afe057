// Preloaded into a rank that trains on examples: from some step on the weight of its micro-batch, and so its gradient, is NaN.
const STEP = 31;
const { reduce } = Int32Array.prototype;
let counted = 0;
Int32Array.prototype.reduce = function (...args) {
  return new Error().stack.includes("weightsOfMicroBatches") && counted++ >= 2 * (STEP - 1)
    ? Number.NaN
    : reduce.apply(this, args);
};
