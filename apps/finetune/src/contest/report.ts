import Table from "cli-table3";
import type { Row } from "./comparison.ts";

const percent = (fraction: number): string => (100 * fraction).toFixed(1);

/** Columns of the table. */
const COLUMNS: readonly (readonly [title: string, show: (row: Row) => string])[] = [
  ["method", ({ label }) => label],
  ["lr", ({ rate }) => (rate === 0 ? "-" : String(rate))],
  ["accuracy, %", ({ mean, deviation }) => percent(mean) + (deviation === undefined ? "" : ` ± ${percent(deviation)}`)],
  ["steps to AdamW's", ({ stepsToTarget }) => String(stepsToTarget ?? "never")],
  ["state, kB", ({ stateBytes }) => (stateBytes / 1000).toFixed(0)],
  ["s/step", ({ secondsPerStep }) => secondsPerStep.toFixed(2)],
];

/** Formats rows as a table with box-drawing characters. */
export function tableOf(rows: readonly Row[]): string {
  const table = new Table({
    head: COLUMNS.map(([title]) => title),
    colAligns: COLUMNS.map((_, i) => (i === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => COLUMNS.map(([, show]) => show(row))));
  return table.toString();
}
