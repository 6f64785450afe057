import { describe, expect, test } from "vitest";
import { CheckpointError } from "../errors.ts";
import type { Group } from "../optimizer/groups.ts";
import { createOptimizer } from "../optimizer/optimizer.ts";
import { EPS32, flat, random } from "../testing/dense.ts";
import saved from "./version-2.json" with { type: "json" };
import third from "./version-3.json" with { type: "json" };
import fourth from "./version-4.json" with { type: "json" };

// Saved by version 2, before the options of the range finder were grouped, after three steps of a 6 x 9 weight.
const OPTIONS = {
  default: { optimizer: "sumo", lr: 0.01, rank: 2 },
  average: { optimizer: "sumo", lr: 0.01, rank: 2, sketch: { start: "cold", oversampling: 3 } },
  paper: { optimizer: "sumo", lr: 0.01, rank: 2, preset: "paper" },
  galore: { optimizer: "galore", lr: 0.01, rank: 2, sketch: { oversampling: 5 } },
} as const satisfies Record<string, Group>;

function created(options: Group) {
  const data = flat(random(6, 9, 1));
  const optimizer = createOptimizer([{ name: "w", shape: [6, 9], data }], options);
  return { data, optimizer, step: (i: number) => optimizer.stepParameter("w", flat(random(6, 9, i + 2))) };
}

describe.each(Object.entries(OPTIONS))("a checkpoint of version 2 (%s)", (name, options) => {
  test("goes on where it stood", () => {
    const whole = created(options);
    for (let i = 0; i < 6; i++) whole.step(i);
    const resumed = created(options);
    for (let i = 0; i < 3; i++) resumed.step(i);
    resumed.optimizer.load(Buffer.from(saved[name as keyof typeof saved], "base64"));
    for (let i = 3; i < 6; i++) resumed.step(i);
    // An average of gradients is their sum but for rounding, which a polar factor of condition below 100 amplifies.
    const tolerance = name === "average" ? 100 * EPS32 : 0;
    const apart = resumed.data.map((x, i) => Math.abs(x - whole.data[i]!));
    expect(Math.max(...apart)).toBeLessThanOrEqual(tolerance);
    expect(resumed.optimizer.report().parameters[0]!.step).toBe(6);
  });
});

// Saved by version 3, before rows could be equilibrated, after the same three steps.
test.each([
  ["sumo", { optimizer: "sumo", lr: 0.01, rank: 2, stateBits: 8 }],
  ["muon", { optimizer: "muon", lr: 0.01 }],
] as const)("a checkpoint of version 3 (%s) goes on where it stood", (name, options) => {
  const [whole, resumed] = [created(options), created(options)];
  for (let i = 0; i < 6; i++) whole.step(i);
  for (let i = 0; i < 3; i++) resumed.step(i);
  resumed.optimizer.load(Buffer.from(third[name], "base64"));
  for (let i = 3; i < 6; i++) resumed.step(i);
  expect(resumed.data).toEqual(whole.data);
});

// Saved by version 4, before AdamW's state could have 8 bits, after the same three steps.
test("a checkpoint of version 4 (adamw) goes on where it stood", () => {
  const options = { optimizer: "adamw", lr: 0.01 } as const;
  const [whole, resumed] = [created(options), created(options)];
  for (let i = 0; i < 6; i++) whole.step(i);
  for (let i = 0; i < 3; i++) resumed.step(i);
  resumed.optimizer.load(Buffer.from(fourth.adamw, "base64"));
  for (let i = 3; i < 6; i++) resumed.step(i);
  expect(resumed.data).toEqual(whole.data);
});

test("an average that was packed in bytes is refused, and nothing has changed", () => {
  const { optimizer } = created({ optimizer: "sumo", lr: 0.01, rank: 2, stateBits: 8 });
  const before = optimizer.save();
  expect(() => optimizer.load(Buffer.from(saved["average, 8 bits"], "base64"))).toThrow(CheckpointError);
  expect(optimizer.save()).toEqual(before);
});
