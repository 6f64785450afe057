import { createReferenceEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../../backend/linalg-backend.ts";
import { CheckpointError } from "../../errors.ts";
import type { Group } from "../../optimizer/groups.ts";
import { createOptimizer } from "../../optimizer/optimizer.ts";
import { EPS32, flat, random } from "../../testing/dense.ts";

const [ROWS, COLS] = [16, 24];
const SUMO = { optimizer: "sumo", lr: 1, rank: 4, scale: "adam", growthLimit: "off" } as const;
const OPTIMIZERS: readonly Group[] = [
  SUMO,
  { ...SUMO, residual: "off", nesterov: false },
  { ...SUMO, residual: "joint" },
  { optimizer: "muon", lr: 1, scale: "adam" },
  { optimizer: "muon", lr: 1, scale: "adam", momentum: 0.8, nesterov: false },
];
const same = () => flat(random(ROWS, COLS, 1));
const noise = (t: number) => flat(random(ROWS, COLS, t + 2));

const create = (options: Group) => {
  const data = new Float32Array(ROWS * COLS);
  const backend = linalgBackend(createReferenceEngine({ bytes: 2 ** 22 }));
  return { data, optimizer: createOptimizer([{ name: "w", shape: [ROWS, COLS], data }], options, { backend }) };
};

/** Root mean square of the updates of the last of `steps` steps. */
function lastRms(options: Group, gradientAt: (t: number) => Float32Array, steps: number): number {
  const { data, optimizer } = create(options);
  let before = data.slice();
  for (let t = 0; t < steps; t++) {
    before = data.slice();
    optimizer.stepParameter("w", gradientAt(t));
  }
  return Math.sqrt(data.reduce((sum, x, i) => sum + (x - before[i]!) ** 2, 0) / data.length);
}

describe.each(OPTIMIZERS.map((options) => [JSON.stringify(options), options] as const))("%s", (_, options) => {
  /** Share by which Fira's residual may lengthen an update. */
  const most = JSON.stringify(options) === JSON.stringify(SUMO) ? Math.sqrt(ROWS / SUMO.rank) : 1;

  test("is one and a half times Adam's size where gradients stay the same, at every step", () => {
    // Five Newton-Schulz steps leave singular values between 0.7 and 1.2.
    const tolerance = options.optimizer === "muon" ? 0.35 : 0.02;
    for (const steps of [1, 2, 10]) {
      expect(lastRms({ optimizer: "adamw", lr: 1 }, same, steps)).toBeCloseTo(1, 2);
      const rms = lastRms(options, same, steps);
      expect(rms).toBeGreaterThan(1.5 * (1 - tolerance));
      expect(rms).toBeLessThan(1.5 * most * (1 + tolerance));
    }
  });

  test("is as small as Adam's where gradients are noise", () => {
    const adam = lastRms({ optimizer: "adamw", lr: 1 }, noise, 80);
    const ratio = lastRms(options, noise, 80) / adam;
    expect(adam).toBeLessThan(0.4);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(2.5 * most);
  });

  test("does not depend on the units of the loss", () => {
    const scaledBy = (factor: number) => (t: number) => noise(t).map((x) => factor * x);
    const [one, other] = [2 ** 20, 2 ** -20].map((factor) => lastRms(options, scaledBy(factor), 6));
    expect(Math.abs(one! - other!)).toBeLessThanOrEqual(1000 * EPS32 * one!);
  });

  test("is zero for gradients of zero", () => {
    expect(lastRms(options, () => new Float32Array(ROWS * COLS), 3)).toBe(0);
  });

  test("goes on from a checkpoint with the same bits, and not from one of another scale", () => {
    const [whole, half] = [create(options), create(options)];
    for (let t = 0; t < 6; t++) whole.optimizer.stepParameter("w", noise(t));
    for (let t = 0; t < 3; t++) half.optimizer.stepParameter("w", noise(t));
    const resumed = create(options);
    resumed.data.set(half.data);
    resumed.optimizer.load(half.optimizer.save());
    for (let t = 3; t < 6; t++) resumed.optimizer.stepParameter("w", noise(t));
    expect(resumed.data).toEqual(whole.data);
    expect(() => create({ ...options, scale: "rms" } as Group).optimizer.load(half.optimizer.save())).toThrow(
      CheckpointError,
    );
  });
});
