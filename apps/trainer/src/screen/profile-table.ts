import Table from "cli-table3";
import type { ProfileRow } from "../training/profile.ts";
import { formatShare } from "./format.ts";

/** Share of a step from which on a function has a row. */
const LEAST = 0.01;

/** Formats where the time of `steps` steps went: a row for each function that took at least a hundredth, and one for the rest. */
export function profileTable(rows: readonly ProfileRow[], steps: number): string {
  const all = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  const long = rows.filter(({ seconds }) => seconds >= LEAST * all);
  const rest = all - long.reduce((sum, { seconds }) => sum + seconds, 0);
  const table = new Table({
    head: ["part", "kernel or function", "ms a step", "share"],
    colAligns: ["left", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { part, name, seconds } of [
    ...long,
    { part: "", name: "others", seconds: rest },
    { part: "", name: "all", seconds: all },
  ]) {
    table.push([part, name, ((1000 * seconds) / steps).toFixed(2), formatShare(seconds / all)]);
  }
  return `${table}`;
}
