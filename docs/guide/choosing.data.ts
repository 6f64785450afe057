import type { Line } from "../charts/lines.ts";
import type { DotRow } from "../charts/rows.ts";
import defaults, { type Contestant, findingOf, isAtEdge } from "../evidence/defaults.data.ts";

/** Name and options of the baseline in `bench/sumo-defaults.js`, from which other contestants differ in one option. */
const BASE = { name: "SUMO, default", rank: 32, refreshEvery: 50 };

export interface Choosing {
  readonly machine: string;
  /** Loss by learning rate, with the first seed. */
  readonly rates: readonly Line[];
  /** Sentences on the increase of loss at half or twice the best learning rate, the larger of those tried. */
  readonly rateFindings: readonly string[];
  /** Mean loss by rank, with rivals that have no rank. */
  readonly ranks: readonly Line[];
  readonly rankFindings: readonly string[];
  /** Loss of every seed by the period of the refresh. */
  readonly refreshes: readonly DotRow[];
  readonly refreshFindings: readonly string[];
  /** Loss of every seed for contestants with one option unlike the default. */
  readonly choices: readonly DotRow[];
  readonly choiceFindings: readonly string[];
}

export default {
  watch: ["../../bench/results/sumo-defaults.json"],
  load(files: readonly string[]): Choosing {
    const { machine, contestants, chart } = defaults.load(files);
    const numbered = (pattern: RegExp, base: number) =>
      contestants
        .map((one) => ({ ...one, at: one.name === BASE.name ? base : Number(pattern.exec(one.name)?.[1]) }))
        .filter(({ at }) => !Number.isNaN(at))
        .sort((a, b) => a.at - b.at);
    const ranks = numbered(/^SUMO, rank (\d+)$/, BASE.rank);
    const refreshes = numbered(/^SUMO, refresh every (\d+)$/, BASE.refreshEvery);
    const others = contestants.filter(
      ({ name }) => /^SUMO, (residual|no|long|momentum|five|joint|paper)/.test(name) || name === BASE.name,
    );
    const rowsOf = (some: readonly Contestant[]) => some.map(({ name }) => chart.find(({ label }) => label === name)!);
    const against = (some: readonly Contestant[]) =>
      some.flatMap(({ name }) => (name === BASE.name ? [] : (findingOf(contestants, name, BASE.name) ?? [])));
    const tuned = contestants.filter(({ name }) =>
      ["AdamW", "GaLore", "Muon", BASE.name, "SUMO, joint"].includes(name),
    );
    return {
      machine,
      rates: tuned.map(({ name, swept }) => ({ name, points: swept.map(({ lr, loss }) => [lr, loss]) })),
      rateFindings: tuned.map(rateFindingOf),
      ranks: rankLines(ranks, contestants),
      rankFindings: [
        ...ranks.flatMap(({ name }) => findingOf(contestants, name, "AdamW") ?? []),
        ...ranks.slice(1).flatMap(({ name }, i) => findingOf(contestants, name, ranks[i]!.name) ?? []),
      ],
      refreshes: rowsOf(refreshes),
      refreshFindings: against(refreshes),
      choices: rowsOf(others),
      choiceFindings: against(others),
    };
  },
};

function rateFindingOf(contestant: Contestant): string {
  const { name, lr, swept } = contestant;
  const best = Math.min(...swept.map(({ loss }) => loss));
  const worst = Math.max(...swept.map(({ loss }) => loss));
  const rates = swept.map((one) => one.lr);
  const range = `between ${Math.min(...rates)} and ${Math.max(...rates)}`;
  const edge = isAtEdge(contestant) ? ", the edge of what was tried" : "";
  return `${name}: best at ${lr}${edge}; ${range} the loss varies by ${(worst - best).toFixed(3)}.`;
}

function rankLines(
  ranks: readonly (Contestant & { readonly at: number })[],
  contestants: readonly Contestant[],
): readonly Line[] {
  const ends = [ranks[0]!.at, ranks.at(-1)!.at];
  const level = (name: string): readonly Line[] =>
    contestants
      .filter((one) => one.name === name)
      .map(({ mean }) => ({ name: `${name}, which has no rank`, points: ends.map((at) => [at, mean] as const) }));
  return [{ name: "SUMO", points: ranks.map(({ at, mean }) => [at, mean]) }, ...level("AdamW"), ...level("Muon")];
}

export declare const data: Choosing;
