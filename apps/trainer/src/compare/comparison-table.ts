import { formatBytes } from "@sumo/training";
import Table from "cli-table3";
import { formatCount } from "../screen/format.ts";
import type { Comparison, Row } from "./comparison.ts";

interface Column {
  readonly title: (target: number) => string;
  readonly show: (row: Row) => string;
}

/** Columns of a comparison, in the terminal and in the report. */
export const COLUMNS: readonly Column[] = [
  { title: () => "optimizer", show: ({ label }) => label },
  { title: () => "lr", show: ({ lr }) => String(lr) },
  { title: () => "nats per byte", show: showLoss },
  {
    title: (target) => `steps to ${target.toFixed(3)}`,
    show: ({ steps }) => (steps === undefined ? "never" : steps.toFixed(0)),
  },
  { title: () => "seconds to it", show: ({ seconds }) => (seconds === undefined ? "never" : seconds.toFixed(1)) },
  { title: () => "state, hidden", show: ({ hiddenState }) => formatBytes(hiddenState) },
  { title: () => "state, all", show: ({ state }) => formatBytes(state) },
  { title: () => "tokens/s", show: ({ tokensPerSecond }) => formatCount(Math.round(tokensPerSecond)) },
];

/** Formats a comparison as a table for the terminal. */
export function comparisonTable({ rows, target }: Comparison): string {
  const table = new Table({
    head: COLUMNS.map(({ title }) => title(target)),
    colAligns: COLUMNS.map((_, i) => (i === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(COLUMNS.map(({ show }) => show(row)));
  return `${table}\n`;
}

function showLoss({ loss, deviation }: Row): string {
  if (!Number.isFinite(loss)) return "diverged";
  return deviation === undefined ? loss.toFixed(4) : `${loss.toFixed(4)} ± ${deviation.toFixed(4)}`;
}
