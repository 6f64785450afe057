import { describe, expect, test } from "vitest";
import { factsOf, headStartOf, nextAction, type ParamState, paramStateOf, rankFact } from "./state.ts";

const tracking = (changes: Partial<ParamState & { phase: "tracking" }> = {}): ParamState & { phase: "tracking" } => ({
  phase: "tracking",
  step: 10,
  refreshedAt: 4,
  refreshes: 2,
  lastNorm: 1,
  captured: 0.9,
  rank: 3,
  ...changes,
});

describe("transitions", () => {
  const zero = (): boolean => true;
  const nonzero = (): boolean => false;
  const every = (steps: number) => ({ every: steps, stagger: true });

  test("a cold parameter waits for a gradient that is not zero", () => {
    expect(nextAction({ phase: "cold", step: 0 }, every(5), 0, zero)).toBe("wait");
    expect(nextAction({ phase: "cold", step: 7 }, every(5), 0, nonzero)).toBe("refresh");
  });

  test("a basis lasts exactly the period", () => {
    const ages = [1, 2, 3, 4, 5].map((age) => nextAction(tracking({ refreshedAt: 10 - age }), every(5), 0, nonzero));
    expect(ages).toEqual(["project", "project", "project", "project", "refresh"]);
  });

  test("a period of one refreshes at every step", () => {
    expect(nextAction(tracking({ refreshedAt: 9 }), every(1), 0, nonzero)).toBe("refresh");
  });

  test("the gradient is asked only where its answer matters", () => {
    const unasked = (): boolean => {
      throw new Error("asked");
    };
    expect(nextAction(tracking({ refreshedAt: 8 }), every(5), 0, unasked)).toBe("project");
  });

  test("a zero gradient refreshes nothing", () => {
    expect(nextAction(tracking({ refreshedAt: 0 }), every(5), 0, zero)).toBe("project");
  });

  test("a head start shortens the first period only", () => {
    expect(nextAction(tracking({ refreshes: 1, refreshedAt: 7 }), every(5), 2, nonzero)).toBe("refresh");
    expect(nextAction(tracking({ refreshes: 2, refreshedAt: 7 }), every(5), 2, nonzero)).toBe("project");
  });

  test("captured energy decides between the gaps", () => {
    const refresh = { captureBelow: 0.5, minGap: 3, maxGap: 20 };
    expect(nextAction(tracking({ refreshedAt: 8, captured: 0.1 }), refresh, 0, nonzero)).toBe("project");
    expect(nextAction(tracking({ refreshedAt: 7, captured: 0.1 }), refresh, 0, nonzero)).toBe("refresh");
    expect(nextAction(tracking({ refreshedAt: 7, captured: 0.5 }), refresh, 0, nonzero)).toBe("project");
    expect(nextAction(tracking({ step: 27, refreshedAt: 7, captured: 0.9 }), refresh, 0, nonzero)).toBe("refresh");
  });
});

test("head starts spread the first refreshes evenly over the period", () => {
  const starts = [0, 1, 2, 3].map((index) => headStartOf({ every: 8, stagger: true }, index, 4));
  expect(starts).toEqual([0, 2, 4, 6]);
  expect(headStartOf({ every: 8, stagger: false }, 3, 4)).toBe(0);
  expect(headStartOf({ captureBelow: 0.5, minGap: 1, maxGap: 9 }, 3, 4)).toBe(0);
});

describe("the state as JSON", () => {
  test.each([{ phase: "cold", step: 3 } as const, tracking()])("returns as it was", (state) => {
    const facts = JSON.parse(JSON.stringify(factsOf(state, 3)));
    expect(paramStateOf(facts)).toEqual(state);
    expect(rankFact(facts, 8)).toBe(3);
  });

  test.each([
    {},
    { phase: "warm", step: 1 },
    { phase: "cold", step: -1 },
    { ...tracking(), step: undefined },
    { ...tracking(), lastNorm: "1" },
    { ...tracking(), refreshedAt: 10 },
    { ...tracking(), refreshes: 0 },
  ])("refuses %j", (facts) => {
    expect(() => paramStateOf(facts as never)).toThrow(TypeError);
  });

  test("refuses a rank that was never allocated", () => {
    expect(() => rankFact({ rank: 9 }, 8)).toThrow(TypeError);
    expect(() => rankFact({ rank: 0 }, 8)).toThrow(TypeError);
  });
});
