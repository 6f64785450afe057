import type { Dot, DotRow, Table } from "../charts/rows.ts";
import { readResults } from "./results.ts";
import { comparison, type Measured } from "./verdict.ts";

/** Results of a contestant in `bench/sumo-defaults.js`. */
export interface Contestant extends Measured {
  readonly name: string;
  readonly stateFloats: number;
  /** The best rate of {@link swept}, used for all seeds. */
  readonly lr: number;
  /** The loss of the first seed at every learning rate that was tried. */
  readonly swept: readonly { readonly lr: number; readonly loss: number }[];
}

export interface Defaults {
  readonly machine: string;
  readonly seeds: number;
  readonly steps: number;
  /** Lowest mean loss first. */
  readonly contestants: readonly Contestant[];
  readonly chart: readonly DotRow[];
  readonly table: Table;
  /** Contestants whose best learning rate was at an end of the grid. */
  readonly atEdge: readonly string[];
  /** Sentences on pairs of contestants, computed from the numbers. */
  readonly findings: readonly string[];
}

export default {
  watch: ["../../bench/results/sumo-defaults.json"],
  load([file]: readonly string[]): Defaults {
    const { machine, seeds, steps, results } = readResults<{
      readonly machine: string;
      readonly seeds: readonly number[];
      readonly steps: number;
      readonly results: Readonly<Record<string, Omit<Contestant, "name">>>;
    }>(file);
    const contestants = Object.entries(results)
      .map(([name, one]) => ({ name, ...one }))
      .sort((a, b) => a.mean - b.mean);
    return {
      machine,
      seeds: seeds.length,
      steps,
      contestants,
      chart: contestants.map(({ name, losses }) => ({ label: name, dots: losses.map(dotOf) })),
      table: tableOf(contestants, results["AdamW"]?.stateFloats),
      atEdge: contestants.filter(isAtEdge).map(({ name }) => name),
      findings: findingsOf(contestants),
    };
  },
};

const dotOf = (loss: number, seed: number): Dot => ({ series: `seed ${seed}`, value: loss, text: loss.toFixed(3) });

function tableOf(contestants: readonly Contestant[], adamwFloats = Number.NaN): Table {
  return {
    head: ["optimizer of the hidden matrices", "validation loss", "state, numbers", "of AdamW's", "learning rate"],
    rows: contestants.map(({ name, mean, deviation, stateFloats, lr }) => [
      name,
      `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`,
      stateFloats.toLocaleString("en"),
      `${((100 * stateFloats) / adamwFloats).toFixed(1)} %`,
      String(lr),
    ]),
  };
}

/** Whether the best learning rate was at an end of the grid. */
export function isAtEdge({ lr, swept }: Contestant): boolean {
  const rates = swept.map((one) => one.lr);
  return lr === Math.min(...rates) || lr === Math.max(...rates);
}

/** Pairs of contestants to compare. */
const PAIRS = [
  ["SUMO, default", "AdamW"],
  ["SUMO, default", "GaLore"],
  ["SUMO, default", "Muon"],
  ["SUMO, default", "Muon without momentum"],
  ["SUMO, joint", "Muon"],
  ["SUMO, joint", "Muon without momentum"],
  ["SUMO, default", "SUMO, five Newton-Schulz steps"],
  ["SUMO, default", "SUMO, paper"],
  ["SUMO, paper", "AdamW"],
] as const;

function findingsOf(contestants: readonly Contestant[]): readonly string[] {
  return PAIRS.flatMap(([first, second]) => findingOf(contestants, first, second) ?? []);
}

/** Compares two contestants in a sentence; `undefined` if one was not measured. */
export function findingOf(all: readonly Contestant[], first: string, second: string): string | undefined {
  const [a, b] = [first, second].map((wanted) => all.find(({ name }) => name === wanted));
  if (a === undefined || b === undefined) return undefined;
  return `${first}, ${comparison(a, b, second)}: ${numbersOf(a)} against ${numbersOf(b)}.`;
}

const numbersOf = ({ mean, deviation }: Contestant): string => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

export declare const data: Defaults;
