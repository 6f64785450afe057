/** Counts of a parameter's steps by their outcome. */
export interface Counters {
  /** Updates. */
  steps: number;
  /** Updates whose direction was orthogonalized. */
  orthogonalized: number;
  /** Subspaces that were computed. */
  refreshes: number;
  /** Updates that were shortened by the growth limit or by a limit on their norm. */
  limited: number;
  /** Gradients skipped because they held NaN or an infinity. */
  skipped: number;
  /** Zero updates for gradients that are not zero. */
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

/** Sums the counters of all parameters. */
export function totalOf(counters: Iterable<Readonly<Counters>>): Counters {
  const total = noCounts();
  for (const counts of counters) {
    for (const name of Object.keys(total) as (keyof Counters)[]) total[name] += counts[name];
  }
  return total;
}
