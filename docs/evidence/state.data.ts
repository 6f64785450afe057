import type { Table } from "../charts/rows.ts";
import { readResults } from "./results.ts";
import { comparison } from "./verdict.ts";

/** A contestant of `bench/state/run.js` at one width and number of tokens a step. */
interface Entry {
  readonly contestant: string;
  readonly lr: number;
  /** Whether the best rate lies inside those tried. */
  readonly tuned: boolean;
  readonly losses: readonly number[];
  readonly mean: number;
  /** Absent for a single seed. */
  readonly deviation?: number;
  /** Bytes of state of the whole model, and of its hidden matrices alone. */
  readonly bytes: number;
  readonly hiddenBytes: number;
  /** Of a whole run on one thread, where steps were timed. */
  readonly seconds?: number;
}

interface Panel {
  readonly width: number;
  readonly tokens: number;
  readonly entries: readonly Entry[];
}

export interface StateMap {
  /** Tokens of a run. */
  readonly total: number;
  readonly timedOn: string;
  readonly panels: readonly {
    readonly title: string;
    readonly table: Table;
    /** Sentences on pairs of contestants, computed from the numbers. */
    readonly findings: readonly string[];
  }[];
}

export default {
  watch: ["../../bench/results/state.json"],
  load([file]: readonly string[]): StateMap {
    const { total, machine, panels } = readResults<{
      readonly total: number;
      readonly machine?: string;
      readonly panels: readonly Panel[];
    }>(file);
    return {
      total,
      timedOn: machine ?? "not timed yet",
      panels: panels.map((panel) => ({
        title: `Width ${panel.width}, ${panel.tokens.toLocaleString("en")} tokens a step`,
        table: tableOf(panel),
        findings: findingsOf(panel),
      })),
    };
  },
};

function tableOf({ entries }: Panel): Table {
  const adamw = entries.find(({ contestant }) => contestant === "AdamW");
  const share = (bytes: number, all: number | undefined): string =>
    all === undefined ? "–" : `${((100 * bytes) / all).toFixed(1)} %`;
  return {
    head: [
      "optimizer of the hidden matrices",
      "loss",
      "seeds",
      "state of the whole model, bytes",
      "of AdamW's",
      "of AdamW's, hidden matrices alone",
      "seconds",
      "rate",
    ],
    rows: entries.map((entry) => [
      entry.contestant,
      lossOf(entry),
      String(entry.losses.length),
      entry.bytes.toLocaleString("en"),
      share(entry.bytes, adamw?.bytes),
      share(entry.hiddenBytes, adamw?.hiddenBytes),
      entry.seconds?.toFixed(0) ?? "–",
      `${entry.lr}${entry.tuned ? "" : ", at an end of those tried"}`,
    ]),
  };
}

const lossOf = ({ mean, deviation }: Entry): string =>
  deviation === undefined ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;

/** Pairs of contestants to compare. */
const PAIRS = [
  ["SUMO", "AdamW"],
  ["SUMO", "GaLore"],
  ["SUMO", "Muon without momentum"],
  ["SUMO", "Muon"],
  ["SUMO, joint", "Muon"],
  ["SUMO, joint", "Muon without momentum"],
  ["SUMO, joint, equal rows", "SUMO, joint"],
  ["Muon", "Muon without momentum"],
  ["Muon, equal rows", "Muon"],
  ["Muon, 4 bits, equal rows", "Muon, equal rows"],
  ["Muon, 4 bits, equal rows", "Muon"],
  ["Muon, 4 bits, equal rows", "Muon without momentum, equal rows"],
  ["Muon, 4 bits, equal rows, AdamW in 8", "Muon, equal rows"],
  ["Muon, 4 bits, equal rows, AdamW in 8", "Muon without momentum, equal rows"],
  ["Muon, 4 bits, equal rows, AdamW in 8", "AdamW"],
  ["Muon, 4 bits, equal rows, AdamW in 8, 1.6 times fewer steps", "AdamW"],
  ["Muon, 4 bits, equal rows, AdamW in 8, 1.6 times fewer steps", "GaLore"],
] as const;

/** Fewest seeds for a verdict. */
const SEEDS = 3;

/** One sentence for each pair that was tuned: a verdict if there are enough seeds, else the numbers alone. */
export function findingsOf({ entries }: Panel): readonly string[] {
  return PAIRS.flatMap(([first, second]) => {
    const [a, b] = [first, second].map((name) => entries.find((entry) => entry.contestant === name && entry.tuned));
    return a === undefined || b === undefined ? [] : [findingOf(a, b)];
  });
}

function findingOf(a: Entry, b: Entry): string {
  const numbers = `${lossOf(a)} against ${lossOf(b)}`;
  const seeds = Math.min(a.losses.length, b.losses.length);
  if (seeds < SEEDS || a.deviation === undefined || b.deviation === undefined) {
    return `${a.contestant}, beside ${b.contestant}: ${numbers}, too few seeds for a verdict (${seeds}).`;
  }
  const [of, beside] = [a, b].map(({ mean, deviation, losses }) => ({ mean, deviation: deviation!, losses }));
  return `${a.contestant}, ${comparison(of!, beside!, b.contestant)}: ${numbers}.`;
}

export declare const data: StateMap;
