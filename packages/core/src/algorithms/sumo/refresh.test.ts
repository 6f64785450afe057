import { createReferenceEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { linalgBackend } from "../../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../../backend/linalg-scratch.ts";
import type { LinalgSource } from "../../backend/linalg-source.ts";
import { createOptimizer } from "../../optimizer/optimizer.ts";
import { fill, flat, random } from "../../testing/dense.ts";
import type { RefreshOptions } from "./options.ts";

const SIZE = 8;
const create = (refresh: RefreshOptions, count = 1, more: Partial<Backend<LinalgMatrix, LinalgSource>> = {}) => {
  const own = linalgBackend(createReferenceEngine({ bytes: 2 ** 22 }));
  const backend = Object.assign(Object.create(own) as typeof own, more);
  const parameters = Array.from({ length: count }, (_, i) => ({
    name: `w${i}`,
    shape: [SIZE, SIZE],
    data: new Float32Array(SIZE * SIZE),
  }));
  return createOptimizer(parameters, { optimizer: "sumo", lr: 0.01, rank: 2, refresh }, { backend });
};
/** A gradient along two of the axes. */
const along = (k: number) => flat(fill(SIZE, SIZE, (i, j) => (i === j && (i === k || i === k + 1) ? 1 : 0)));

describe("by period", () => {
  const stepsOf = (stagger: boolean): number[][] => {
    const optimizer = create({ every: 8, stagger }, 4);
    const steps: number[][] = [[], [], [], []];
    optimizer.on("refresh", ({ parameter, step }) => steps[Number(parameter.slice(1))]!.push(step));
    for (let t = 0; t < 20; t++) {
      for (let i = 0; i < 4; i++) optimizer.stepParameter(`w${i}`, flat(random(SIZE, SIZE, 4 * t + i)));
    }
    return steps;
  };

  test("parameters take turns: their first periods end evenly spread", () => {
    expect(stepsOf(true)).toEqual([
      [0, 8, 16],
      [0, 6, 14],
      [0, 4, 12],
      [0, 2, 10, 18],
    ]);
  });

  test("optimizers of one parameter each take turns where they are told to", () => {
    const firstsOf = (turn: number): number[] => {
      const data = new Float32Array(SIZE * SIZE);
      const options = { optimizer: "sumo", lr: 0.01, rank: 2, refresh: { every: 8 } } as const;
      const optimizer = createOptimizer([{ name: "w", shape: [SIZE, SIZE], data }], options, { turn });
      const steps: number[] = [];
      optimizer.on("refresh", ({ step }) => steps.push(step));
      for (let t = 0; t < 17; t++) optimizer.stepParameter("w", flat(random(SIZE, SIZE, t)));
      return steps;
    };
    expect([0, 0.25, 0.99].map(firstsOf)).toEqual([
      [0, 8, 16],
      [0, 6, 14],
      [0, 1, 9],
    ]);
    for (const turn of [1, -0.1, Number.NaN]) expect(() => firstsOf(turn)).toThrow(/turn/);
  });

  test("or all at once", () => {
    expect(stepsOf(false)).toEqual(Array(4).fill([0, 8, 16]));
  });
});

describe("by captured energy", () => {
  const refresh = { captureBelow: 0.5, minGap: 3, maxGap: 6 };
  const stepsOf = (axes: readonly number[], more: Partial<Backend<LinalgMatrix, LinalgSource>> = {}): number[] => {
    const optimizer = create(refresh, 1, more);
    // The captured share is part of the state: it must not depend on listeners.
    const steps: number[] = [];
    axes.forEach((k, step) => {
      const before = optimizer.counters.refreshes;
      optimizer.stepParameter("w0", along(k));
      if (optimizer.counters.refreshes > before) steps.push(step);
    });
    return steps;
  };

  test("one step after the gradient left the subspace", () => {
    expect(stepsOf([0, 0, 0, 0, 4, 4, 4, 4, 4])).toEqual([0, 5]);
  });

  test("but not before the least gap", () => {
    expect(stepsOf([0, 4, 4, 4, 4])).toEqual([0, 3]);
  });

  test("and at the latest after the largest", () => {
    expect(stepsOf(Array(14).fill(0))).toEqual([0, 6, 12]);
  });

  test("also on a device that reads numbers back slowly", () => {
    expect(stepsOf([0, 0, 0, 0, 4, 4, 4, 4, 4], { readsStall: true })).toEqual([0, 5]);
  });
});

test("a device that reads numbers back slowly is asked for captured energy at refreshes, or for listeners", () => {
  const optimizer = create({ every: 3 }, 1, { readsStall: true });
  const captured = () => optimizer.report().parameters[0]!.captured;
  optimizer.stepParameter("w0", along(0));
  expect(captured()).toBeCloseTo(1, 6);
  optimizer.stepParameter("w0", along(4));
  expect(captured()).toBeCloseTo(1, 6);
  const end = optimizer.on("step", () => {});
  optimizer.stepParameter("w0", along(4));
  expect(captured()).toBeCloseTo(0, 6);
  end();
});
