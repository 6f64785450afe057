import type { Real } from "../../matrix.ts";

/** y ← alpha x + beta y. The contract is that of `Engine.axpby`. */
export function axpby(
  n: number,
  alpha: number,
  x: Real,
  xOffset: number,
  beta: number,
  y: Real,
  yOffset: number,
): void {
  for (let i = 0; i < n; i++) {
    const scaled = alpha * x[xOffset + i]!;
    y[yOffset + i] = beta === 0 ? scaled : scaled + beta * y[yOffset + i]!;
  }
}

/** Σ x_i y_i in float64. The contract is that of `Engine.dot`. */
export function dot(n: number, x: Real, xOffset: number, y: Real, yOffset: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[xOffset + i]! * y[yOffset + i]!;
  return sum;
}

/** y ← alpha x, cast. The contract is that of `Engine.convert`. */
export function convert(n: number, alpha: number, x: Real, xOffset: number, y: Real, yOffset: number): void {
  for (let i = 0; i < n; i++) y[yOffset + i] = alpha * x[xOffset + i]!;
}

/** Largest magnitude. The contract is that of `Engine.largest`: `Math.max` keeps NaN. */
export function largest(n: number, x: Real, xOffset: number): number {
  let most = 0;
  for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(x[xOffset + i]!));
  return most;
}
