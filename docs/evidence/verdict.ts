/** A mean over seeds. */
export interface Measured {
  readonly mean: number;
  /** Standard deviation of one run. */
  readonly deviation: number;
  readonly losses: readonly number[];
}

/**
 * Compares two mean losses: `"tie"` if they differ by less than twice the standard error of the difference, √(s₁² / n₁ + s₂² / n₂).
 */
export function lowerLoss(a: Measured, b: Measured): "first" | "second" | "tie" {
  const variance = ({ deviation, losses }: Measured) => deviation ** 2 / losses.length;
  const error = Math.sqrt(variance(a) + variance(b));
  if (Math.abs(a.mean - b.mean) <= 2 * error) return "tie";
  return a.mean < b.mean ? "first" : "second";
}
