import { expect, test } from "vitest";
import { History } from "./history.ts";
import type { Line } from "./protocol.ts";

const LINES: readonly Line[] = [
  { step: 0, seconds: 0, validation: 5.5, sample: "The zq" },
  { step: 1, seconds: 1, loss: 4, captured: 0.75, refreshes: 3 },
  { step: 2, seconds: 2, loss: 2, captured: 0.5, validation: 3, sample: "The sea" },
  { step: 2, seconds: 3, final: { validation: 2.5, tokens: 8, natsPerByte: 2.5, perplexityPerByte: Math.exp(2.5) } },
];

test("entry i of every column belongs to step i", () => {
  const history = new History(LINES);
  expect(history.loss).toEqual([null, 4, 2]);
  expect(history.captured).toEqual([null, 0.75, 0.5]);
  expect(history.refreshed).toEqual([null, 0.75, null]);
  expect(history.validation).toEqual([5.5, null, 2.5]); // the final measurement replaces the one of the same step
  expect(history.samples).toEqual([
    { step: 0, text: "The zq" },
    { step: 2, text: "The sea" },
  ]);
  expect([history.step, history.refreshes]).toEqual([2, 3]);
});

test("the running mean lies between its values, and is the value itself where that does not change", () => {
  const { mean } = new History(LINES);
  expect(mean.slice(0, 2)).toEqual([null, 4]);
  expect(mean[2]).toBeGreaterThan(2);
  expect(mean[2]).toBeLessThan(3); // the newer value weighs more
  const still = new History(Array.from({ length: 50 }, (_, i) => ({ step: i + 1, seconds: i, loss: 1.7 })));
  for (const value of still.mean.slice(1)) expect(value).toBeCloseTo(1.7, 12);
});

test("lines that come later continue the columns", () => {
  const at = new History(LINES.slice(0, 2));
  for (const line of LINES.slice(2)) at.add(line);
  expect(at).toEqual(new History(LINES));
});
