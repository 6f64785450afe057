import type { Counters, Report } from "@sumo/core";

const NO_COUNTS: Counters = { steps: 0, orthogonalized: 0, refreshes: 0, limited: 0, skipped: 0, noops: 0 };

/** One report of all variables, from those of each. They step one after another, so scratch counts once. */
export function joinedReport(backend: string, reports: readonly Report[]): Report {
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  return {
    backend,
    parameters: reports.flatMap(({ parameters }) => parameters),
    stateFloats: sum(({ stateFloats }) => stateFloats),
    stateBytes: sum(({ stateBytes }) => stateBytes),
    workspaceBytes: Math.max(0, ...reports.map(({ workspaceBytes }) => workspaceBytes)),
    accumulationBytes: sum(({ accumulationBytes }) => accumulationBytes),
    counters: reports.map(({ counters }) => counters).reduce(added, NO_COUNTS),
  };
}

function added(a: Readonly<Counters>, b: Readonly<Counters>): Counters {
  const sum = { ...a };
  for (const name of Object.keys(b) as (keyof Counters)[]) sum[name] += b[name];
  return sum;
}
