import type { Engine } from "../engine.ts";

/** y ← alpha op(A) x + beta y. The contract is that of `Engine.gemv`. */
export const gemv: Engine["gemv"] = (trans, m, n, alpha, a, aOffset, lda, x, xOffset, beta, y, yOffset) => {
  const [outputs, terms] = trans ? [n, m] : [m, n];
  const [outputStep, termStep] = trans ? [1, lda] : [lda, 1];
  for (let i = 0; i < outputs; i++) {
    let sum = 0;
    for (let p = 0; p < terms; p++) sum += a[aOffset + i * outputStep + p * termStep]! * x[xOffset + p]!;
    y[yOffset + i] = beta === 0 ? alpha * sum : alpha * sum + beta * y[yOffset + i]!;
  }
};
