import { describe, expect, test } from "vitest";
import { memoryOf, presets } from "../theory/memory.ts";
import { createMoment, lemmaBound, orthogonalizeAll } from "../theory/orthogonalizers.ts";

const EPS32 = 2 ** -24;

describe("what the orthogonalization page shows", () => {
  const outcome = (condition: number, name: RegExp) =>
    orthogonalizeAll(createMoment(16, 64, condition)).find((one) => name.test(one.name))!;

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
