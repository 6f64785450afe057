import type { Line } from "../charts/lines.ts";
import type { Spectra } from "./spectrum.data.ts";

/** Condition number: the largest by the smallest singular value. */
export function conditionOf(spectrum: readonly number[]): number {
  return spectrum[0]! / spectrum.at(-1)!;
}

/** Stable rank, ‖M‖_F² / ‖M‖₂². */
export function stableRankOf(spectrum: readonly number[]): number {
  return spectrum.reduce((sum, s) => sum + (s / spectrum[0]!) ** 2, 0);
}

/** Formats a parameter's name: `model.layers.0.self_attn.q_proj.weight` is `layer 1, q`. */
export function titleOf(parameter: string): string {
  const [, layer, matrix] = /layers\.(\d+)\.\w+\.(\w+)_proj/.exec(parameter)!;
  return `layer ${Number(layer) + 1}, ${matrix}`;
}

/** Condition numbers over the run: one matrix's, and the median and the largest of all. */
export function conditionLines({ recorded, parameters }: Spectra, chosen: number): readonly Line[] {
  const conditions = parameters.map(({ spectra }) => spectra.map(conditionOf));
  const lineOf = (name: string, pick: (at: number) => number): Line => ({
    name,
    points: recorded.map((step, at) => [step, pick(at)]),
  });
  const sorted = recorded.map((_, at) => conditions.map((one) => one[at]!).sort((a, b) => a - b));
  return [
    lineOf(titleOf(parameters[chosen]!.name), (at) => conditions[chosen]![at]!),
    lineOf("median of all matrices", (at) => sorted[at]![Math.floor(conditions.length / 2)]!),
    lineOf("largest", (at) => sorted[at]!.at(-1)!),
  ];
}

/** Summary of a run's spectra. */
export interface Facts {
  /** Spectra recorded, and how many of them have a condition number above ten. */
  readonly all: number;
  readonly aboveTen: number;
  readonly largest: number;
  readonly largestAt: string;
  /** Largest condition number among the spectra of the last step. */
  readonly atLast: number;
  /** The smallest stable rank, and its matrix and step. */
  readonly least: number;
  readonly leastAt: string;
}

export function factsOf({ recorded, parameters }: Spectra): Facts {
  const all = parameters.flatMap(({ name, spectra }) =>
    spectra.map((spectrum, at) => ({
      where: `${titleOf(name)}, step ${recorded[at]}`,
      last: at === recorded.length - 1,
      condition: conditionOf(spectrum),
      stableRank: stableRankOf(spectrum),
    })),
  );
  const worst = all.reduce((a, b) => (b.condition > a.condition ? b : a));
  const flattest = all.reduce((a, b) => (b.stableRank < a.stableRank ? b : a));
  return {
    all: all.length,
    aboveTen: all.filter(({ condition }) => condition > 10).length,
    largest: worst.condition,
    largestAt: worst.where,
    atLast: Math.max(...all.filter(({ last }) => last).map(({ condition }) => condition)),
    least: flattest.stableRank,
    leastAt: flattest.where,
  };
}
