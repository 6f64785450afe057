import { createReferenceEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../backend/linalg-backend.ts";
import { NonFiniteGradientError, OptimizerOptionError } from "../errors.ts";
import { EPS32, flat, random } from "../testing/dense.ts";
import { clipGlobalNorm } from "../wrappers/clip.ts";
import type { CreateOptions } from "./create-options.ts";
import type { Group } from "./groups.ts";
import { createOptimizer } from "./optimizer.ts";
import { plan } from "./plan.ts";

const [ROWS, COLS, STEPS] = [6, 10, 4];
const CLIP = 0.5;
const shapes = [
  { name: "a", shape: [ROWS, COLS] },
  { name: "b", shape: [COLS] },
];
/** The first gradients are longer than the limit, the last are shorter. */
const gradientsAt = (t: number, of = 0) => {
  const size = 2 ** (2 - 3 * t);
  return {
    a: flat(random(ROWS, COLS, 10 * t + of + 1)).map((x) => size * x),
    b: flat(random(1, COLS, 10 * t + of + 5)).map((x) => size * x),
  };
};
type Steps = Omit<CreateOptions<never, never>, "backend">;
const create = (options: Group, steps: Steps) => {
  const engine = createReferenceEngine({ bytes: 2 ** 22 });
  const data = { a: flat(random(ROWS, COLS, 90)), b: flat(random(1, COLS, 91)) };
  const parameters = shapes.map(({ name, shape }) => ({ name, shape, data: data[name as "a"] }));
  return {
    engine,
    data,
    optimizer: createOptimizer(parameters, options, { backend: linalgBackend(engine), ...steps }),
  };
};
type Created = ReturnType<typeof create>;

/** Both have the same weights, up to the rounding of `STEPS` steps. */
function expectAlike(one: Created, other: Created): void {
  for (const name of ["a", "b"] as const) {
    const [x, y] = [one.data[name], other.data[name]];
    const tolerance = STEPS * 100 * ROWS * COLS * EPS32;
    x.forEach((value, i) => {
      expect(Math.abs(value - y[i]!)).toBeLessThanOrEqual(tolerance);
    });
  }
}

const OPTIMIZERS: readonly Group[] = [
  { optimizer: "sumo", lr: 0.1, rank: 3, refresh: { every: 2 } },
  { optimizer: "sumo", lr: 0.1, rank: 3, residual: "off", refresh: { every: 2 } },
  { optimizer: "sumo", lr: 0.1, rank: 3, split: [2, 4] },
  { optimizer: "adamw", lr: 0.1 },
  { optimizer: "muon", lr: 0.1 },
  { optimizer: "sgd", lr: 0.1 },
];

describe.each(OPTIMIZERS.map((options) => [JSON.stringify(options), options] as const))("%s", (_, options) => {
  test("steps with gradients that were clipped to the joint norm", () => {
    const [clipping, given] = [create(options, { clip: CLIP }), create(options, {})];
    for (let t = 0; t < STEPS; t++) {
      clipping.optimizer.step(gradientsAt(t));
      const gradients = gradientsAt(t);
      clipGlobalNorm(gradients, CLIP);
      given.optimizer.step(gradients);
    }
    expectAlike(clipping, given);
    const free = create(options, {});
    for (let t = 0; t < STEPS; t++) free.optimizer.step(gradientsAt(t));
    expect(free.data.b).not.toEqual(clipping.data.b);
  });

  test("clips the mean of micro-batches", () => {
    const [clipping, given] = [create(options, { clip: CLIP, microBatches: 2 }), create(options, {})];
    for (let t = 0; t < STEPS; t++) {
      const both = [gradientsAt(t), gradientsAt(t, 3)] as const;
      for (const gradients of both) clipping.optimizer.step(gradients);
      const mean = {
        a: both[0].a.map((x, i) => (x + both[1].a[i]!) / 2),
        b: both[0].b.map((x, i) => (x + both[1].b[i]!) / 2),
      };
      clipGlobalNorm(mean, CLIP);
      given.optimizer.step(mean);
    }
    expectAlike(clipping, given);
  });

  test.each([{ clip: CLIP }, { clip: CLIP, microBatches: 2 }])("takes the planned memory with %j", (steps) => {
    const { engine, optimizer } = create(options, steps);
    const { stateBytes, workspaceBytes, accumulationBytes } = plan(shapes, options, steps);
    for (let t = 0; t < 2; t++) optimizer.step(gradientsAt(0));
    expect(engine.heap.usedBytes).toBe(stateBytes + workspaceBytes + accumulationBytes);
  });
});

describe("a limited step", () => {
  const options: Group = { optimizer: "sgd", lr: 1, momentum: 0 };

  test("leaves the caller's gradients as they are", () => {
    const gradients = gradientsAt(0);
    create(options, { clip: CLIP }).optimizer.step(gradients);
    expect(gradients).toEqual(gradientsAt(0));
  });

  test("is limited by the gradients that are finite, where others are skipped", () => {
    const { optimizer, data } = create(options, { clip: 5, onNonFinite: "skip" });
    const before = data.b.slice();
    optimizer.step({ a: flat(random(ROWS, COLS, 1)).fill(Number.NaN, 3, 4), b: new Float32Array(COLS).fill(10) });
    const moved = Math.hypot(...data.b.map((x, i) => x - before[i]!));
    expect(Math.abs(moved - 5)).toBeLessThanOrEqual(COLS * 10 * EPS32);
    expect(optimizer.counters).toMatchObject({ steps: 1, skipped: 1 });
  });

  test("with NaN is refused before anything is changed", () => {
    const { optimizer, data } = create(options, { clip: 5 });
    const before = structuredClone(data);
    const bad = { a: flat(random(ROWS, COLS, 1)), b: new Float32Array(COLS).fill(Number.NaN) };
    expect(() => optimizer.step(bad)).toThrow(NonFiniteGradientError);
    expect(data).toEqual(before);
  });

  test("needs all gradients together", () => {
    const { optimizer } = create(options, { clip: 1 });
    expect(() => optimizer.stepParameter("a", gradientsAt(0).a)).toThrow(/clip: .* got stepParameter\("a"\)/);
    const data = new Float32Array(2);
    const alone = createOptimizer([{ name: "w", shape: [2], data }], options, { clip: 1 });
    alone.stepParameter("w", [3, 4]);
    expect(data[0]).toBeCloseTo(-0.6, 6);
  });

  test.each([0, -1, Number.NaN, "1", null])("with the limit %s is refused", (clip) => {
    expect(() => create(options, { clip: clip as never })).toThrow(OptimizerOptionError);
    expect(() => plan(shapes, options, { clip: clip as never })).toThrow(/clip/);
  });
});
