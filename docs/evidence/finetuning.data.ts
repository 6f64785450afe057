import type { DotRow, Table } from "../charts/rows.ts";
import { readResults } from "./results.ts";

interface Row {
  readonly label: string;
  readonly rate: number;
  readonly mean: number;
  readonly deviation?: number;
  /** Steps to AdamW's final accuracy; absent if it was not reached. */
  readonly stepsToTarget?: number;
  readonly stateBytes: number;
  readonly accuracies: readonly number[];
}

export interface FineTuning {
  readonly setting: string;
  readonly chart: readonly DotRow[];
  readonly table: Table;
}

export default {
  watch: ["../../apps/finetune/results/contest.json"],
  load([file]: readonly string[]): FineTuning {
    const { commit, settings, rows } = readResults<{
      readonly commit: string;
      readonly settings: {
        readonly steps: number;
        readonly batch: number;
        readonly seeds: number;
        readonly validation: number;
      };
      readonly rows: readonly Row[];
    }>(file);
    const { steps, batch, seeds, validation } = settings;
    const sorted = [...rows].sort((a, b) => b.mean - a.mean);
    return {
      setting: `${steps} steps of ${batch} texts, ${seeds} seeds, ${validation} held-out texts, at commit ${commit}`,
      chart: sorted.map(({ label, accuracies }) => ({
        label,
        dots: accuracies.map((value, i) => ({ series: `seed ${i + 1}`, value: 100 * value, text: percent(value) })),
      })),
      table: {
        head: ["method", "learning rate", "accuracy", "steps to AdamW's", "state"],
        rows: sorted.map(cellsOf),
      },
    };
  },
};

function cellsOf({ label, rate, mean, deviation, stepsToTarget, stateBytes }: Row): string[] {
  const spread = deviation === undefined ? "" : ` ± ${(100 * deviation).toFixed(1)}`;
  return [
    label,
    rate === 0 ? "–" : String(rate),
    percent(mean).replace(" %", `${spread} %`),
    String(stepsToTarget ?? "never"),
    `${Math.round(stateBytes / 1000).toLocaleString("en")} kB`,
  ];
}

const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;

export declare const data: FineTuning;
