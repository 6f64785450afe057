import { afterAll, beforeAll, describe } from "vitest";
import { describeElementwise } from "./elementwise.ts";
import type { EngineUnderTest } from "./engine.ts";
import { describeFactorizations } from "./factorizations.ts";
import { describeGemm } from "./gemm.ts";
import { describeGram } from "./gram.ts";
import { describeLines } from "./lines.ts";

/**
 * The contract that every engine of `@sumo/linalg` keeps, as tests: each kernel against sums written out here in float64, with the
 * error bounds of the contract, over random sizes, leading dimensions and offsets, inside the heap and outside it.
 * `create` makes the engine; `dispose`, if given, ends it.
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
