import type { Engine } from "../engine.ts";

/** y ← alpha x + beta y. The contract is that of `Engine.axpby`. */
export const axpby: Engine["axpby"] = (n, alpha, x, xOffset, beta, y, yOffset) => {
  for (let i = 0; i < n; i++) {
    const scaled = alpha * x[xOffset + i]!;
    y[yOffset + i] = beta === 0 ? scaled : scaled + beta * y[yOffset + i]!;
  }
};

/** Σ x_i y_i in float64. The contract is that of `Engine.dot`. */
export const dot: Engine["dot"] = (n, x, xOffset, y, yOffset) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[xOffset + i]! * y[yOffset + i]!;
  return sum;
};

/** y ← alpha x, cast. The contract is that of `Engine.convert`. */
export const convert: Engine["convert"] = (n, alpha, x, xOffset, y, yOffset) => {
  for (let i = 0; i < n; i++) y[yOffset + i] = alpha * x[xOffset + i]!;
};

/** Largest magnitude. The contract is that of `Engine.largest`: `Math.max` keeps NaN. */
export const largest: Engine["largest"] = (n, x, xOffset) => {
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(x[xOffset + i]!));
  return most;
};
