import { digits, type Table } from "../charts/rows.ts";
import { readResults } from "./results.ts";
import { lowerLoss, type Measured } from "./verdict.ts";

/** Losses of one learning rate, one a seed. */
interface Rate {
  readonly rate: number;
  readonly adam: readonly number[];
  readonly sumo: readonly number[];
}

export interface SameRates {
  readonly machine: string;
  readonly seeds: number;
  readonly table: Table;
  readonly finding: string;
}

export default {
  watch: ["../../bench/results/tfjs.json"],
  load([file]: readonly string[]): SameRates {
    const { machine, seeds, results } = readResults<{
      readonly machine: string;
      readonly seeds: readonly number[];
      readonly results: Readonly<Record<string, { readonly loss: string; readonly rates: readonly Rate[] }>>;
    }>(file);
    const cells = Object.entries(results).flatMap(([name, { loss, rates }]) =>
      rates.map((rate) => ({ task: `${name}, ${LOSSES[loss]!}`, ...measured(rate) })),
    );
    const count = (wanted: Verdict): number => cells.filter(({ verdict }) => verdict === wanted).length;
    return {
      machine,
      seeds: seeds.length,
      table: {
        head: ["task", "learning rate", "Adam", "SUMO", "lower"],
        rows: cells.map(({ task, rate, adam, sumo, verdict }) => [task, String(rate), text(adam), text(sumo), verdict]),
      },
      finding:
        `Of ${cells.length} pairs of a task and a rate, SUMO has the better loss in ${count("SUMO")}, Adam in ` +
        `${count("Adam")}, and ${count("tie")} tie.`,
    };
  },
};

type Verdict = "Adam" | "SUMO" | "tie";

const VERDICTS = { first: "Adam", second: "SUMO", tie: "tie" } as const;
const LOSSES: Readonly<Record<string, string>> = {
  meanSquaredError: "squared error",
  categoricalCrossentropy: "cross-entropy",
  binaryCrossentropy: "cross-entropy",
};

function measured({ rate, adam: ofAdam, sumo: ofSumo }: Rate) {
  const [adam, sumo] = [statistics(ofAdam), statistics(ofSumo)];
  return { rate, adam, sumo, verdict: VERDICTS[lowerLoss(adam, sumo)] };
}

function statistics(losses: readonly number[]): Measured {
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (losses.length - 1);
  return { mean, deviation: Math.sqrt(variance), losses };
}

const text = ({ mean, deviation }: Measured): string => `${digits(mean)} ± ${digits(deviation)}`;

export declare const data: SameRates;
