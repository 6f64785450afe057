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

/** Says which of two losses is better and by how much, e.g. `is worse than Muon by 0.061 nats`. */
export function comparison(a: Measured, b: Measured, nameOfB: string): string {
  const by = `by ${Math.abs(a.mean - b.mean).toFixed(3)} nats`;
  return {
    first: `is better than ${nameOfB} ${by}`,
    second: `is worse than ${nameOfB} ${by}`,
    tie: `ties with ${nameOfB}`,
  }[lowerLoss(a, b)];
}
