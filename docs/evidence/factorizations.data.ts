import { type DotRow, digits, type Table } from "../charts/rows.ts";
import { type Judged, judged, type LinalgReport, readResults, setting, type Target } from "./results.ts";

interface Result {
  readonly routine: string;
  readonly name: string;
  readonly dtype: string;
  readonly contestants: readonly Contestant[];
  readonly targets: readonly Target[];
}

/** A contestant's result; without `ms` if it failed or was not tried. */
interface Contestant {
  readonly name: string;
  readonly ms?: { readonly median: number };
  readonly residual?: number;
  readonly orthogonality?: number;
  readonly right?: boolean;
}

export interface Factorizations extends Judged {
  readonly setting: string;
  readonly charts: readonly { readonly routine: string; readonly rows: readonly DotRow[] }[];
  readonly errors: Table;
}

export default {
  watch: ["../../bench/results/linalg-factorizations.json"],
  load([file]: readonly string[]): Factorizations {
    const report = readResults<LinalgReport<Result>>(file);
    const { results } = report;
    const routines = [...new Set(results.map(({ routine }) => routine))];
    return {
      setting: setting(report),
      ...judged(results.flatMap(({ targets }) => targets)),
      charts: routines.map((routine) => ({
        routine,
        rows: results.filter((result) => result.routine === routine).map(timesOf),
      })),
      errors: errorsOf(results),
    };
  },
};

function timesOf({ name, dtype, contestants }: Result): DotRow {
  const dots = contestants.flatMap(({ name: series, ms, right }) =>
    ms === undefined
      ? []
      : [{ series, value: ms.median, text: `${digits(ms.median)} ms`, ...(right === false && { wrong: true }) }],
  );
  return { label: `${name}, ${dtype}`, dots };
}

/** Table of wrong results with their residual and orthogonality. */
function errorsOf(results: readonly Result[]): Table {
  const rows = results.flatMap(({ name, dtype, contestants }) =>
    contestants
      .filter(({ right }) => right === false)
      .map((one) => [`${name}, ${dtype}`, one.name, ...[one.residual, one.orthogonality].map(inUlp)]),
  );
  return { head: ["task", "whose", "residual", "orthogonality"], rows };
}

const inUlp = (x: number | undefined): string => (x === undefined || !Number.isFinite(x) ? "not finite" : digits(x));

export declare const data: Factorizations;
