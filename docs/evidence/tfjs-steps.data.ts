import { digits, type Table } from "../charts/rows.ts";
import { readResults } from "./results.ts";

export interface StepTimes {
  readonly machine: string;
  readonly table: Table;
  readonly finding: string;
}

export default {
  watch: ["../../bench/results/tfjs-steps.json"],
  load([file]: readonly string[]): StepTimes {
    const { machine, results } = readResults<{
      readonly machine: string;
      readonly results: Readonly<Record<string, { readonly adam: number; readonly sumo: number }>>;
    }>(file);
    const ratios = Object.values(results).map(({ adam, sumo }) => sumo / adam);
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
    return {
      machine,
      table: {
        head: ["task", "Adam, ms", "SUMO, ms", "SUMO / Adam"],
        rows: Object.entries(results).map(([name, { adam, sumo }], i) => [
          name,
          digits(adam),
          digits(sumo),
          ratios[i]!.toFixed(2),
        ]),
      },
      finding: `A step with SUMO takes ${least} to ${most} times as long as one with Adam.`,
    };
  },
};

export declare const data: StepTimes;
