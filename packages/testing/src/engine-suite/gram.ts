import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Dtype, type EngineUnderTest, unitRoundoff } from "./engine.ts";
import { layout, withOperands } from "./operand.ts";

const sizes = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.nat(20), fc.nat(20)) },
  fc.tuple(fc.nat(40), fc.integer({ min: 150, max: 700 })),
  fc.tuple(fc.integer({ min: 150, max: 420 }), fc.nat(4)),
);

/** Contract of `Engine.gram`. */
export function describeGram(engine: () => EngineUnderTest): void {
  describe("gram", () => {
    test("is accurate in float64 for both dtypes, symmetric to the bit, and writes nothing else", () => {
      const dtypes = fc.constantFrom<Dtype>("float32", "float64");
      const property = fc.property(dtypes, sizes, fc.boolean(), layout, layout, (dtype, [n, k], trans, inA, inC) =>
        withOperands(engine(), (make) => {
          const a = trans ? make(dtype, k, n, inA) : make(dtype, n, k, inA);
          const c = make("float64", n, n, inC);
          c.fill(Number.NaN);
          engine().gram(trans, n, k, a.data, a.offset, a.ld, c.data, c.offset, c.ld);
          a.expectUntouched();
          c.expectGuards();
          const line = (i: number, p: number): number => (trans ? a.initial(p, i) : a.initial(i, p));
          for (let i = 0; i < n; i++) {
            for (let j = 0; j <= i; j++) {
              let sum = 0;
              let size = 0;
              for (let p = 0; p < k; p++) {
                sum += line(i, p) * line(j, p);
                size += Math.abs(line(i, p) * line(j, p));
              }
              const bound = 2 * (k + 4) * unitRoundoff("float64") * size;
              const error = Math.abs(c.get(i, j) - sum);
              if (!(error <= bound)) expect.fail(`C[${i}, ${j}] is off by ${error}, more than ${bound}`);
              if (c.get(j, i) !== c.get(i, j)) expect.fail(`C[${j}, ${i}] differs from its mirror image`);
            }
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 150 });
    });

    test("is right past every block", () => {
      withOperands(engine(), (make) => {
        const [n, k] = [2060, 2];
        const place = { inHeap: true, offset: 0, gap: 0, seed: 5 };
        const [a, c] = [make("float64", n, k, place), make("float64", n, n, place)];
        engine().gram(false, n, k, a.data, 0, k, c.data, 0, n);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            const terms = [a.get(i, 0) * a.get(j, 0), a.get(i, 1) * a.get(j, 1)] as const;
            const bound = 4 * unitRoundoff("float64") * (Math.abs(terms[0]) + Math.abs(terms[1]));
            const error = Math.abs(c.get(i, j) - (terms[0] + terms[1]));
            if (!(error <= bound)) expect.fail(`C[${i}, ${j}] is off by ${error}, more than ${bound}`);
          }
        }
      });
    });

    test("carries NaN to its row and column only", () => {
      withOperands(engine(), (make) => {
        const plain = { inHeap: true, offset: 0, gap: 1, seed: 3 };
        const a = make("float32", 11, 7, plain);
        const c = make("float64", 11, 11, plain);
        a.set(5, 6, Number.NaN);
        engine().gram(false, 11, 7, a.data, a.offset, a.ld, c.data, c.offset, c.ld);
        for (let i = 0; i < 11; i++) {
          for (let j = 0; j < 11; j++) expect(Number.isNaN(c.get(i, j))).toBe(i === 5 || j === 5);
        }
      });
    });
  });
}
