import { readFileSync } from "node:fs";
import type { Table } from "../charts/rows.ts";

/** Reads a committed result file. */
export function readResults<T>(file: string | undefined): T {
  if (file === undefined) throw new Error("a result file that this page shows is missing");
  return JSON.parse(readFileSync(file, "utf8"));
}

/** What is aimed at in a race, as the linear algebra's result files state it. */
export interface Target {
  readonly name: string;
  readonly dtype: string;
  readonly ours: string;
  readonly other: string;
  /** Our time is at most this share of the other's. */
  readonly limit: number;
  readonly median: number;
  readonly least: number;
  readonly met: boolean;
}

/** The targets that were missed and those that were met. */
export function judged(targets: readonly Target[]): { readonly missed: Table; readonly met: Table } {
  const table = (met: boolean): Table => ({
    head: ["task", "ours", "other", "at most", "median", "least"],
    rows: targets
      .filter((target) => target.met === met)
      .map(({ name, dtype, ours, other, limit, median, least }) => {
        const [most, ...reached] = [limit, median, least].map((share) => share.toFixed(2));
        return [`${name}, ${dtype}`, ours, other, most!, ...reached];
      }),
  });
  return { missed: table(false), met: table(true) };
}

/** What the linear algebra was measured on, in a line. */
export function setting(report: LinalgReport<unknown>): string {
  const { machine, loadAverage, node, v8, versions } = report;
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${machine}, load average ${loadAverage.toFixed(1)}, Node ${node} (V8 ${v8}); ${others.join(", ")}`;
}

/** A result file of `bench/linalg/run.js`. */
export interface LinalgReport<Result> {
  readonly machine: string;
  readonly loadAverage: number;
  readonly node: string;
  readonly v8: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}
