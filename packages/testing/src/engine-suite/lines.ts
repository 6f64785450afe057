import fc from "fast-check";
import { expect, test } from "vitest";
import { type EngineUnderTest, unitRoundoff } from "./engine.ts";
import { type Layout, layout, type MakeOperand, type Operand, withOperands } from "./operand.ts";

const side = fc.oneof(fc.nat(5), fc.nat(40));

/** Contracts of `Engine.squaredNorms` and `Engine.scaleLines`. */
export function describeLines(engine: () => EngineUnderTest): void {
  test("squaredNorms sums squares of rows and of columns in float64", () => {
    const property = fc.property(fc.boolean(), side, side, layout, layout, (trans, m, n, inA, inOut) =>
      withOperands(engine(), (make) => {
        const a = make("float32", m, n, inA);
        const out = vector(make, trans ? n : m, inOut);
        engine().squaredNorms(trans, m, n, a.data, a.offset, a.ld, out.data);
        a.expectUntouched();
        out.expectGuards();
        for (let line = 0; line < out.cols; line++) {
          const elements = Array.from({ length: trans ? m : n }, (_, k) => (trans ? a.get(k, line) : a.get(line, k)));
          const sum = elements.reduce((total, x) => total + x * x, 0);
          const bound = 2 * (elements.length + 1) * unitRoundoff("float64") * sum;
          expect(Math.abs(out.get(0, line) - sum)).toBeLessThanOrEqual(bound);
        }
      }),
    );
    fc.assert(property, { seed: 1, numRuns: 150 });
  });

  test("scaleLines rounds each product once, and may work in place", () => {
    const property = fc.property(
      fc.boolean(),
      side,
      side,
      fc.boolean(),
      fc.tuple(layout, layout, layout),
      (trans, m, n, inPlace, at) =>
        withOperands(engine(), (make) => {
          const a = make("float32", m, n, at[0]);
          const factors = vector(make, trans ? n : m, at[1]);
          const out = inPlace ? a : make("float32", m, n, at[2]);
          engine().scaleLines(trans, m, n, factors.data, a.data, a.offset, a.ld, out.data, out.offset, out.ld);
          if (!inPlace) a.expectUntouched();
          out.expectGuards();
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              expect(out.get(i, j)).toBe(Math.fround(factors.get(0, trans ? j : i) * a.initial(i, j)));
            }
          }
        }),
    );
    fc.assert(property, { seed: 1, numRuns: 150 });
  });
}

/** Array of factors or sums, which start at offset 0. */
const vector = (make: MakeOperand, length: number, place: Layout): Operand<Float64Array> =>
  make("float64", 1, length, { ...place, offset: 0 });
