import type { LogLine } from "@sumo/training";
import { expect, test } from "vitest";
import { bestTrials, compareTrials } from "./comparison.ts";
import type { Trial } from "./trial.ts";

/** A trial that was measured at steps 0, 10, 20, …, at one step a second. */
function trial(label: string, validations: readonly number[], { lr = 0.1, seed = 0, diverged = false } = {}): Trial {
  const lines: LogLine[] = validations.map((validation, i) => ({
    step: 10 * i,
    seconds: 10 * i,
    validation,
    tokensPerSecond: 100 + i,
  }));
  const loss = diverged ? Number.POSITIVE_INFINITY : validations.at(-1)!;
  return { label, lr, seed, lines, loss, hiddenState: 8, state: 16 };
}

test("all are timed to the loss that the slowest ends with, on straight lines between measurements", () => {
  const { target, rows } = compareTrials([trial("slow", [5, 4, 3]), trial("fast", [5, 1, 1])]);
  expect(target).toBe(3);
  expect(rows.map(({ steps, seconds }) => [steps, seconds])).toEqual([
    [20, 20],
    [5, 5],
  ]);
});

test("means and deviations are over seeds; without a second seed there is no deviation", () => {
  const [a, b] = compareTrials([trial("a", [5, 1]), trial("a", [5, 3], { seed: 1 }), trial("b", [5, 3])]).rows;
  expect(a).toMatchObject({ seeds: 2, loss: 2, deviation: Math.SQRT2, steps: (5 + 10) / 2 });
  expect(b).toMatchObject({ seeds: 1, loss: 3, deviation: undefined });
});

test("a trial that diverged never arrives and sets no target", () => {
  const { target, rows } = compareTrials([trial("wild", [5, 9], { diverged: true }), trial("tame", [5, 2])]);
  expect(target).toBe(2);
  expect(rows[0]).toMatchObject({ loss: Number.POSITIVE_INFINITY, steps: undefined, seconds: undefined });
});

test("the best learning rate is the one of the lowest loss, for each label", () => {
  const swept = [
    trial("a", [5, 3], { lr: 1 }),
    trial("a", [5, 2], { lr: 2 }),
    trial("b", [5, 4], { lr: 1 }),
    trial("b", [5, 9], { lr: 2, diverged: true }),
  ];
  expect(bestTrials(swept).map(({ label, lr }) => [label, lr])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
});
