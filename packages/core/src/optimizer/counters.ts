/** Counts of a parameter's steps by their outcome. */
export interface Counters {
  /** Updates. */
  steps: number;
  /** Updates whose direction was orthogonalized. */
  orthogonalized: number;
  /** New subspaces. */
  refreshes: number;
  /** Updates that a limit on their growth or their length shortened. */
  limited: number;
  /** Gradients skipped because they held NaN or an infinity. */
  skipped: number;
  /** Updates of zero for a gradient that was not. */
  noops: number;
}

export const noCounts = (): Counters => ({
  steps: 0,
  orthogonalized: 0,
  refreshes: 0,
  limited: 0,
  skipped: 0,
  noops: 0,
});

/** The sum over all parameters. */
export function totalOf(counters: Iterable<Readonly<Counters>>): Counters {
  const total = noCounts();
  for (const counts of counters) {
    for (const name of Object.keys(total) as (keyof Counters)[]) total[name] += counts[name];
  }
  return total;
}
