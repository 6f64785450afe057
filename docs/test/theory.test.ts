import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { memoryOf, presets } from "../theory/memory.ts";
import { createMoment, evenSpectrum, lemmaBound, orthogonalizeAll } from "../theory/orthogonalizers.ts";
import { conditionLines, conditionOf, factsOf, stableRankOf } from "../theory/spectra.ts";
import type { Spectra } from "../theory/spectrum.data.ts";
import { root } from "./pages.ts";

const EPS32 = 2 ** -24;

describe("what the orthogonalization page shows", () => {
  const outcome = (condition: number, name: RegExp) =>
    orthogonalizeAll(createMoment(evenSpectrum(16, condition), 64)).find((one) => name.test(one.name))!;

  test.each([1, 1e3, 1e7])("the exact factor is flat at condition %d", (condition) => {
    const { values } = outcome(condition, /exact/);
    for (const value of values) expect(Math.abs(value - 1)).toBeLessThan(64 * EPS32 + (condition * EPS32) ** 2);
  });

  test("Muon's steps do not converge, and leave small values small", () => {
    expect(outcome(1, /Muon/).error).toBeGreaterThan(0.05);
    expect(Math.min(...outcome(1e5, /Muon/).values)).toBeLessThan(0.1);
  });

  test("Polar Express is better than the classical steps", () => {
    expect(outcome(100, /Express/).error).toBeLessThan(outcome(100, /classical/).error / 10);
  });

  test("Lemma 3.2 bounds the classical steps of a matrix whose norm is its largest value", () => {
    // The iteration divides by the Frobenius norm, at most √r times the largest value: a condition of √r times as much.
    for (const condition of [1, 2, 5]) {
      expect(outcome(condition, /classical/).error).toBeLessThanOrEqual(lemmaBound(condition * 4) + 64 * EPS32);
    }
  });
});

describe("what the spectrum page shows", () => {
  const file = join(root, "..", "bench", "results", "moment-spectrum.json");
  const data: Spectra = JSON.parse(readFileSync(file, "utf8"));

  test("the recorded file is small, and every spectrum in it whole, positive and descending", () => {
    expect(readFileSync(file).length).toBeLessThan(60_000);
    for (const { spectra } of data.parameters) {
      expect(spectra.length).toBe(data.recorded.length);
      for (const spectrum of spectra) {
        expect(spectrum.length).toBe(data.rank);
        expect(spectrum.at(-1)).toBeGreaterThan(0);
        expect(spectrum.toSorted((a, b) => b - a)).toEqual(spectrum);
      }
    }
  });

  test("a moment made from a recorded spectrum has that condition, and the exact factor is exact to rounding", () => {
    const worst = data.parameters
      .flatMap(({ spectra }) => spectra)
      .reduce((a, b) => (conditionOf(b) > conditionOf(a) ? b : a));
    const outcomes = orthogonalizeAll(createMoment(worst, 128));
    const exact = outcomes.find(({ name }) => /exact/.test(name))!;
    const muon = outcomes.find(({ name }) => /Muon/.test(name))!;
    expect(exact.error).toBeLessThan(conditionOf(worst) * EPS32);
    expect(muon.error).toBeGreaterThan(0.1);
  });

  test("condition, stable rank and what the page says of all of them, by hand", () => {
    const spectra = [
      [
        [4, 2, 1],
        [2, 1, 1],
      ],
      [
        [60, 3, 1],
        [1, 1, 1],
      ],
    ];
    const parameters = spectra.map((one, i) => ({
      name: `model.layers.${i}.mlp.up_proj.weight`,
      shape: [3, 4] as const,
      spectra: one,
    }));
    const small = { ...data, recorded: [0, 7], parameters };
    expect(stableRankOf([4, 2, 1])).toBe(21 / 16);
    expect(factsOf(small)).toEqual({
      all: 4,
      aboveTen: 1,
      largest: 60,
      largestAt: "layer 2, up, step 0",
      atLast: 2,
      least: (3600 + 9 + 1) / 3600,
      leastAt: "layer 2, up, step 0",
    });
    const [chosen, , largest] = conditionLines(small, 0);
    expect(chosen!.points).toEqual([
      [0, 4],
      [7, 2],
    ]);
    expect(largest!.points).toEqual([
      [0, 60],
      [7, 2],
    ]);
  });
});

describe("what the memory page shows", () => {
  const row = (preset: (typeof presets)[number], name: string) =>
    memoryOf(preset, preset.rank).find(({ optimizer }) => optimizer === name)!;
  const gigabytes = ({ stateFloats, weightFloats }: ReturnType<typeof row>) => (2 * (stateFloats + weightFloats)) / 1e9;
  const published = presets.filter(({ paper }) => paper["SUMO"] !== undefined);

  test.each(published)("AdamW's figure for $name is the paper's, SUMO's and GaLore's are not", (preset) => {
    const ratio = (name: string) => gigabytes(row(preset, name)) / preset.paper[name]!;
    expect(Math.abs(ratio("AdamW") - 1)).toBeLessThan(0.1);
    expect(ratio("SUMO")).toBeGreaterThan(1.05);
    expect(ratio("GaLore")).toBeGreaterThan(1.05);
  });

  test("SUMO's state is table 1's", () => {
    const [preset] = presets;
    const { dim, hidden, layers, rank } = preset!;
    const hiddenState = layers * rank * (4 * 2 * dim + 3 * (dim + hidden));
    const others = 2 * (2 * 32_000 * dim + (2 * layers + 1) * dim);
    expect(row(preset!, "SUMO").stateFloats).toBe(hiddenState + others);
  });
});
