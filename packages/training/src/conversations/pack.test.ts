import fc from "fast-check";
import { expect, test } from "vitest";
import { packItems } from "./pack.ts";

const CAPACITY = 40;
const lengthsOf = fc.array(fc.integer({ min: 1, max: CAPACITY }), { maxLength: 60 });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test("every item is in one bin, none is overfull, and no two bins would fit into one", () => {
  fc.assert(
    fc.property(lengthsOf, (lengths) => {
      const bins = packItems(lengths, CAPACITY);
      expect(bins.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      const fills = bins.map((bin) => sum(bin.map((item) => lengths[item]!))).sort((a, b) => a - b);
      expect(Math.max(0, ...fills)).toBeLessThanOrEqual(CAPACITY);
      if (fills.length > 1) expect(fills[0]! + fills[1]!).toBeGreaterThan(CAPACITY);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("an item goes into the fullest bin that has room", () => {
  expect(packItems([6, 3, 8, 2, 1], 10)).toEqual([
    [2, 3],
    [0, 1, 4],
  ]);
});
