import { OPTIMIZER_NAMES } from "@sumo/training";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "../problem.ts";
import { SIZES, type SizeName } from "./experiment.ts";
import { hashOf, sharedBy } from "./link.ts";

const positive = fc.double({ min: 1e-6, max: 10, noNaN: true });
const shared = fc
  .record({
    size: fc.constantFrom(...(Object.keys(SIZES) as SizeName[])),
    rank: fc.integer({ min: 1, max: 128 }),
    steps: fc.integer({ min: 1, max: 100_000 }),
    seed: fc.nat(),
    entrants: fc
      .subarray([...OPTIMIZER_NAMES], { minLength: 1 })
      .chain((names) => fc.tuple(...names.map((optimizer) => positive.map((lr) => ({ optimizer, lr }))))),
  })
  .chain((experiment) =>
    fc
      .subarray(experiment.entrants.map(({ optimizer }) => optimizer))
      .chain((names) => fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), positive))))
      .map((losses) => ({ experiment, losses: new Map(losses) })),
  );

test("a link carries an experiment and its losses, to the bit", () => {
  fc.assert(
    fc.property(shared, (before) => {
      expect(sharedBy(hashOf(before))).toEqual(before);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a page without a hash has none; a damaged link is refused with what is wrong in it", () => {
  expect(sharedBy("")).toBeUndefined();
  expect(sharedBy("#")).toBeUndefined();
  const good = "#size=tiny&rank=8&steps=10&seed=0&sumo=0.02";
  expect(sharedBy(good)?.experiment.steps).toBe(10);
  for (const [damaged, part] of [
    [good.replace("tiny", "toString"), "size"],
    [good.replace("steps=10", "steps=ten"), "steps"],
    [good.replace("&seed=0", ""), "seed"],
    [good.replace("sumo=0.02", "sumo=-1"), "sumo"],
    [good.replace("sumo=0.02", "lion=0.02"), "lion"],
    [good.replace("sumo=0.02", ""), "optimizer"],
    [`${good}&loss.sumo=`, "loss.sumo"],
    [`${good}&loss.adamw=1`, "loss.adamw"],
  ] as const) {
    expect(() => sharedBy(damaged), damaged).toThrow(Problem);
    expect(() => sharedBy(damaged), damaged).toThrow(part);
  }
});
