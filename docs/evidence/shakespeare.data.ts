import { readFileSync } from "node:fs";
import type { Table } from "../charts/rows.ts";

export interface Shakespeare {
  /** A row for each optimizer, a column for each learning rate: nats a byte, the mean over seeds. */
  readonly table: Table;
  readonly seeds: number;
  readonly steps: number;
}

export default {
  watch: ["../../bench/results/shakespeare.csv"],
  load([file]: readonly string[]): Shakespeare {
    const trials = finishedTrials(readFileSync(file!, "utf8"));
    const distinct = (column: string) => [...new Set(trials.map((trial) => trial[column]!))];
    const rates = distinct("lr").sort((a, b) => Number(a) - Number(b));
    const loss = (optimizer: string, lr: string): string => {
      const losses = trials.filter((trial) => trial["optimizer"] === optimizer && trial["lr"] === lr);
      if (losses.length === 0) return "–";
      return (losses.reduce((sum, trial) => sum + Number(trial["final_nats_per_byte"]), 0) / losses.length).toFixed(3);
    };
    return {
      table: {
        head: ["optimizer", ...rates.map((lr) => `lr ${lr}`)],
        rows: distinct("optimizer").map((optimizer) => [optimizer, ...rates.map((lr) => loss(optimizer, lr))]),
      },
      seeds: distinct("seed").length,
      steps: Math.max(...trials.map((trial) => Number(trial["step"]))),
    };
  },
};

/** The rows of a comparison's `trials.csv` that hold a final loss, by column. */
function finishedTrials(csv: string): readonly Readonly<Record<string, string>>[] {
  const [head, ...lines] = csv.trim().split("\n");
  const columns = head!.split(",");
  return lines
    .map((line) => Object.fromEntries(line.split(",").map((cell, i) => [columns[i]!, cell])))
    .filter((row) => row["final_nats_per_byte"] !== "");
}

export declare const data: Shakespeare;
