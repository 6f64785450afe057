import { expect, test } from "vitest";
import { BARRIER_WORDS, Barrier } from "./barrier.ts";

test("the share of a member 0 that arrives last shrinks down to none, each half of a layer for itself", () => {
  const words = new Int32Array(new SharedArrayBuffer(4 * BARRIER_WORDS));
  const [first, second] = [new Barrier(words, 0, 2), new Barrier(words, 1, 2)];
  /** Member 0 arrives after member 1. */
  const arriveLast = (): void => {
    Atomics.store(words, 0, 1);
    first.finish("attention");
  };
  expect(first.firstShare("attention")).toBe(1);
  arriveLast();
  expect([first.firstShare("attention"), second.firstShare("attention")]).toEqual([31 / 32, 31 / 32]);
  expect(first.firstShare("feedForward")).toBe(1);
  for (let i = 0; i < 40; i++) arriveLast();
  expect(second.firstShare("attention")).toBe(0);
});
