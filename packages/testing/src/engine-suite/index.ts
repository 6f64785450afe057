import { afterAll, beforeAll, describe } from "vitest";
import { describeElementwise } from "./elementwise.ts";
import type { EngineUnderTest } from "./engine.ts";
import { describeFactorizations } from "./factorizations.ts";
import { describeGemm } from "./gemm.ts";
import { describeGram } from "./gram.ts";
import { describeLines } from "./lines.ts";

/**
 * Tests an engine against the contract of `Engine` in `@sumo/linalg`: each kernel is compared with float64 sums, within the contract's
 * error bounds, over random sizes, leading dimensions and offsets, inside the heap and outside it.
 * `create` creates the engine; `dispose`, if given, releases it.
 */
export function describeEngine<E extends EngineUnderTest>(
  name: string,
  create: () => E | Promise<E>,
  dispose: (engine: E) => void = () => {},
): void {
  describe(`engine ${name}`, () => {
    let engine: E | undefined;
    beforeAll(async () => {
      engine = await create();
    });
    afterAll(() => dispose(current()));
    const current = (): E => {
      if (engine === undefined) throw new Error("the engine was not created");
      return engine;
    };
    describeGemm(current);
    describeGram(current);
    describeElementwise(current);
    describeLines(current);
    describeFactorizations(current);
  });
}
