import { readFileSync } from "node:fs";
import type { Table } from "../charts/rows.ts";

/** Reads a committed result file. */
export function readResults<T>(file: string | undefined): T {
  if (file === undefined) throw new Error("a result file that this page shows is missing");
  return JSON.parse(readFileSync(file, "utf8"));
}

/** A target of a race in the linear algebra's result files. */
export interface Target {
  readonly name: string;
  readonly dtype: string;
  readonly ours: string;
  readonly other: string;
  /** Largest share of the other's time. */
  readonly limit: number;
  readonly median: number;
  readonly least: number;
  readonly met: boolean;
  /** Reason for a missed target. */
  readonly reason?: string;
}

/** Tables of targets; the last cell of a missed one is the number of its reason in the list. */
export interface Judged {
  readonly missed: Table;
  readonly reasons: readonly string[];
  readonly met: Table;
}

/** Sorts targets into missed ones, with reasons, and met ones. */
export function judged(targets: readonly Target[]): Judged {
  const head = ["task", "ours", "other", "at most", "median", "least"];
  const cells = ({ name, dtype, ours, other, limit, median, least }: Target): readonly string[] => {
    const shares = [limit, median, least].map((share) => share.toFixed(2));
    return [`${name}, ${dtype}`, ours, other, ...shares];
  };
  const missed = targets.filter(({ met }) => !met);
  const reasonOf = ({ reason = "Not explained." }: Target): string => reason;
  const reasons = [...new Set(missed.map(reasonOf))];
  const why = (target: Target): string => String(reasons.indexOf(reasonOf(target)) + 1);
  return {
    missed: { head: [...head, "why"], rows: missed.map((target) => [...cells(target), why(target)]) },
    reasons,
    met: { head, rows: targets.filter(({ met }) => met).map(cells) },
  };
}

/** Describes the machine and the versions of the linear algebra's measurements in one line. */
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
