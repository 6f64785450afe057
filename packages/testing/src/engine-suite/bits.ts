import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dtype, EngineUnderTest } from "./engine.ts";
import { layout, withOperands } from "./operand.ts";

/** Number of terms that are summed before the sum is added to C. */
const BLOCK = 256;

/**
 * Tests the bits of `gemm` in engines that guarantee the same ones in every runtime: each element is the sum of its products in the order
 * of k, without fused multiply-adds, and each block of 256 terms is added to the sum so far. Tiles, edges and threads have no effect.
 */
export function describeBits<E extends EngineUnderTest>(
  name: string,
  create: () => E | Promise<E>,
  dispose: (engine: E) => void = () => {},
): void {
  describe(`engine ${name}`, () => {
    let engine: E;
    beforeAll(async () => {
      engine = await create();
    });
    afterAll(() => dispose(engine));

    test("gemm rounds in the order that is written down", () => {
      const side = fc.integer({ min: 1, max: 70 });
      const inner = fc.oneof(fc.nat(40), fc.integer({ min: 200, max: 800 }));
      const dtypes = fc.constantFrom<Dtype>("float32", "float64");
      const layouts = fc.tuple(layout, layout, layout);
      const flags = fc.tuple(fc.boolean(), fc.boolean());
      const property = fc.property(side, side, inner, dtypes, layouts, flags, (m, n, k, dtype, at, [ta, tb]) =>
        withOperands(engine, (make) => {
          const a = ta ? make(dtype, k, m, at[0]) : make(dtype, m, k, at[0]);
          const b = tb ? make(dtype, n, k, at[1]) : make(dtype, k, n, at[1]);
          const c = make(dtype, m, n, at[2]);
          const operands = [a.data, a.offset, a.ld, b.data, b.offset, b.ld] as const;
          engine.gemm(ta, tb, m, n, k, 1, ...operands, 0, c.data, c.offset, c.ld);
          const round = dtype === "float32" ? Math.fround : (x: number) => x;
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              const term = (p: number) => round((ta ? a.get(p, i) : a.get(i, p)) * (tb ? b.get(j, p) : b.get(p, j)));
              const expected = blockedSum(k, term, round);
              if (c.get(i, j) !== expected) expect.fail(`C[${i}, ${j}] is ${c.get(i, j)}, not ${expected}`);
            }
          }
        }),
      );
      fc.assert(property, { seed: 1, numRuns: 60 });
    });
  });
}

function blockedSum(k: number, term: (p: number) => number, round: (x: number) => number): number {
  let total = 0;
  for (let start = 0; start < k; start += BLOCK) {
    let sum = 0;
    for (let p = start; p < Math.min(k, start + BLOCK); p++) sum = round(sum + term(p));
    total = round(total + sum);
  }
  return total;
}
