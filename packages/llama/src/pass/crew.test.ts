import fc from "fast-check";
import { expect, test } from "vitest";
import { shareOf } from "./crew.ts";

test("shares are contiguous and cover everything, the first one as much less as it should, to a unit", () => {
  const count = fc.integer({ min: 1, max: 9 });
  const lead = fc.double({ min: 0, max: 1, noNaN: true });
  const property = fc.property(
    count,
    fc.nat(300),
    fc.integer({ min: 1, max: 16 }),
    lead,
    (members, total, unit, part) => {
      const first = members === 1 ? 1 : part;
      const shares = Array.from({ length: members }, (_, index) =>
        shareOf({ index, count: members }, total, unit, first),
      );
      expect(shares[0]!.from).toBe(0);
      expect(shares.at(-1)!.to).toBe(total);
      shares.forEach(({ from, to }, i) => {
        expect(from).toBeLessThanOrEqual(to);
        expect(from).toBe(i === 0 ? 0 : shares[i - 1]!.to);
        const wanted = (total / members) * (i === 0 ? first : (members - first) / (members - 1));
        expect(Math.abs(to - from - wanted)).toBeLessThanOrEqual(2 * unit);
      });
    },
  );
  fc.assert(property, { seed: 1, numRuns: 300 });
});
