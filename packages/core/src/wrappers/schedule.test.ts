import { describe, expect, test } from "vitest";
import { OptimizerOptionError } from "../errors.ts";
import { constant, cosine, linear, type ScheduleSpec, schedule, wsd } from "./schedule.ts";

const at = (lr: (step: number) => number, steps: readonly number[]) =>
  steps.map((step) => Number(lr(step).toFixed(12)));

describe("values", () => {
  test("constant", () => {
    expect(at(constant(0.3), [0, 5, 1e9])).toEqual([0.3, 0.3, 0.3]);
  });

  test("cosine: warm-up, peak, half way, end and beyond", () => {
    const lr = cosine({ peak: 1, warmup: 4, total: 24, final: 0.1 });
    expect(at(lr, [0, 1, 2, 3, 4, 14, 24, 99])).toEqual([0.25, 0.5, 0.75, 1, 1, 0.55, 0.1, 0.1]);
  });

  test("linear: a straight line after the warm-up", () => {
    const lr = linear({ peak: 2, warmup: 2, total: 12, final: 0.5 });
    expect(at(lr, [0, 1, 2, 7, 12, 13])).toEqual([1, 2, 2, 1.5, 1, 1]);
  });

  test("wsd: warm-up, stable, decay", () => {
    const lr = wsd({ peak: 1, warmup: 2, total: 10, decay: 4, final: 0 });
    expect(at(lr, [0, 1, 2, 6, 7, 8, 9, 10, 11])).toEqual([0.5, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0]);
  });

  test("without warm-up the peak comes first", () => {
    expect(at(cosine({ peak: 1, total: 10 }), [0, 5, 10])).toEqual([1, 0.5, 0]);
  });
});

test("a schedule survives JSON", () => {
  for (const lr of [
    constant(1),
    cosine({ peak: 1, total: 9 }),
    linear({ peak: 1, total: 9 }),
    wsd({ peak: 1, total: 9, decay: 3 }),
  ]) {
    const again = schedule(JSON.parse(JSON.stringify(lr)));
    for (let step = 0; step < 12; step++) expect(again(step)).toBe(lr(step));
  }
});

test.each<ScheduleSpec>([
  { kind: "constant", value: Number.NaN },
  { kind: "cosine", peak: -1, total: 5 },
  { kind: "cosine", peak: 1, total: 0 },
  { kind: "linear", peak: 1, total: 5, warmup: 6 },
  { kind: "linear", peak: 1, total: 5, final: 2 },
  { kind: "wsd", peak: 1, total: 5, warmup: 2, decay: 4 },
  { kind: "step" } as never,
])("refuses %j", (spec) => {
  expect(() => schedule(spec)).toThrow(OptimizerOptionError);
});
