import { createWasmEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../backend/linalg-backend.ts";
import { OptimizerOptionError, ParameterError } from "../errors.ts";
import { flat, random } from "../testing/dense.ts";
import { assignGroups, type Group } from "./groups.ts";
import { createOptimizer } from "./optimizer.ts";
import { plan, planTable } from "./plan.ts";

const shapes = [
  { name: "embed", shape: [50, 8] },
  { name: "layers.0.w", shape: [8, 8] },
  { name: "layers.0.norm", shape: [8] },
  { name: "conv", shape: [4, 3, 2, 2] },
];
const chosen = (groups: Group | readonly Group[]) =>
  assignGroups(shapes, groups).map(({ settings }) => settings.optimizer);

describe("groups", () => {
  test("the first that matches wins: by name, by pattern, by predicate, by default", () => {
    const groups: readonly Group[] = [
      { optimizer: "sgd", lr: 1, match: "embed" },
      { optimizer: "sumo", lr: 1, match: /^layers\..*w$/g },
      { optimizer: "muon", lr: 1, match: ({ shape }) => shape.length === 4 },
      { optimizer: "adamw", lr: 1 },
    ];
    expect(chosen(groups)).toEqual(["sgd", "sumo", "adamw", "muon"]);
    expect(chosen(groups)).toEqual(["sgd", "sumo", "adamw", "muon"]);
  });

  test("one matrix optimizer for all leaves vectors to AdamW at the same rate", () => {
    const assigned = assignGroups(shapes, { optimizer: "sumo", lr: 0.5 });
    expect(assigned.map(({ settings }) => [settings.optimizer, settings.lr])).toEqual([
      ["sumo", 0.5],
      ["sumo", 0.5],
      ["adamw", 0.5],
      ["sumo", 0.5],
    ]);
  });

  test("a list is a decision: what it forgets, or gets wrong, is an error that names the parameter", () => {
    expect(() => chosen([{ optimizer: "adamw", lr: 1, match: /w$/ }])).toThrow(/"embed": no group matches/);
    expect(() => chosen([{ optimizer: "sumo", lr: 1 }])).toThrow(/"layers.0.norm": \[8\] is no matrix/);
  });

  test("hidden matrices are found by rule, by pattern or by predicate, and the others get AdamW", () => {
    const own = { optimizer: "sumo", lr: 0.5 } as const;
    const given = (more: Partial<Group>) =>
      assignGroups(shapes, { ...own, ...more } as Group).map(
        ({ settings, reason }) => `${settings.optimizer}: ${reason}`,
      );
    expect(given({ hidden: "auto" })).toEqual([
      "adamw: named an embedding",
      "sumo: a hidden matrix",
      "adamw: [8] is no matrix",
      "adamw: the last matrix, taken for the output layer; flattened to 4 x 12",
    ]);
    expect(chosen({ ...own, hidden: /conv|embed/ })).toEqual(["sumo", "adamw", "adamw", "sumo"]);
    expect(chosen({ ...own, hidden: ({ shape }) => shape[0] === 4 })).toEqual(["adamw", "adamw", "adamw", "sumo"]);
    const others = assignGroups(shapes, { ...own, hidden: "auto", others: { lr: 0.1, weightDecay: 0.2 } });
    expect(others[0]!.settings).toMatchObject({ optimizer: "adamw", lr: 0.1, weightDecay: 0.2 });
  });

  test("a choice of hidden matrices that cannot be is refused", () => {
    const own = { optimizer: "sumo", lr: 0.5 } as const;
    expect(() => chosen({ ...own, hidden: /norm/ })).toThrow(/"layers.0.norm": chosen by `hidden`, but \[8\] is no/);
    expect(() => chosen({ ...own, hidden: "w" as never })).toThrow(OptimizerOptionError);
    expect(() => chosen({ ...own, others: 0.1 as never })).toThrow(OptimizerOptionError);
    expect(() => chosen({ optimizer: "adamw", lr: 1, hidden: "auto" })).toThrow(/adamw takes every parameter/);
    expect(() => chosen([{ ...own, hidden: "auto" }])).toThrow(/single group/);
    expect(() => chosen({ ...own, match: "conv" })).toThrow(/"embed": no group matches/);
  });

  test("the axis of outputs may differ from one to the other", () => {
    const layout = ({ shape }: { readonly shape: readonly number[] }) => (shape.length > 2 ? "out-in" : "in-out");
    const assigned = assignGroups(shapes, { optimizer: "sumo", lr: 1, layout });
    expect(assigned.map((each) => each.layout)).toEqual(["in-out", "in-out", "in-out", "out-in"]);
    expect(() => chosen({ optimizer: "sumo", lr: 1, layout: () => "rows" as never })).toThrow(OptimizerOptionError);
  });

  test("a plan is a table of text", () => {
    const lines = planTable(plan(shapes, { optimizer: "sumo", lr: 1, rank: 2, hidden: "auto" })).split("\n");
    expect(lines[0]).toBe("parameter      shape         optimizer  bytes  reason");
    expect(lines[2]).toBe("layers.0.w     [8, 8]        sumo         128  a hidden matrix");
    expect(lines.at(-1)).toMatch(/^all +\d+$/);
  });

  test("kernels of convolutions are flattened to outputs × everything else", () => {
    const parts = (layout: "out-in" | "in-out") =>
      assignGroups(shapes, { optimizer: "sumo", lr: 1, layout }).map(({ parts: [part] }) => [part!.rows, part!.cols]);
    expect(parts("out-in")[3]).toEqual([4, 12]);
    expect(parts("in-out")[3]).toEqual([24, 2]);
  });
});

describe("split", () => {
  const [q, k, v] = [random(8, 12, 1), random(4, 12, 2), random(4, 12, 3)];
  const gradients = [q, k, v].map((rows, i) => random(rows.length, 12, 10 + i));
  const options: Group = { optimizer: "sumo", lr: 0.1, rank: 2, refresh: { every: 2, stagger: false } };
  const backend = () => linalgBackend(createWasmEngine({ bytes: 2 ** 22 }));

  test("a fused weight is the matrices that it consists of", () => {
    const fused = { name: "qkv", shape: [16, 12], data: flat([...q, ...k, ...v]) };
    const optimizer = createOptimizer([fused], { ...options, split: [8, 4, 4] }, { backend: backend() });
    const parts = [q, k, v].map((rows, i) => ({ name: `qkv#${i}`, shape: [rows.length, 12], data: flat(rows) }));
    const separate = createOptimizer(parts, options, { backend: backend() });
    for (let t = 0; t < 5; t++) {
      optimizer.stepParameter("qkv", flat(gradients.flat()));
      for (const [i, { name }] of parts.entries()) separate.stepParameter(name, flat(gradients[i]!));
    }
    expect(fused.data).toEqual(Float32Array.from(parts.flatMap(({ data }) => [...data])));
    expect(optimizer.report().parameters[0]!.reason).toBe("the only group; split into 8 x 12, 4 x 12, 4 x 12");
  });

  test("whose part has another parameter's name is refused", () => {
    const names = ["qkv", "qkv#1"].map((name) => ({ name, shape: [16, 12] }));
    const groups: readonly Group[] = [
      { ...options, match: "qkv", split: [8, 8] } as Group,
      { optimizer: "adamw", lr: 1 },
    ];
    expect(() => assignGroups(names, groups)).toThrow(/"qkv#1": is both/);
  });

  test("that does not add up, or runs along columns, is refused", () => {
    const data = [{ name: "qkv", shape: [16, 12], data: new Float32Array(192) }];
    const create = (more: Partial<Group>) => () =>
      createOptimizer(data, { ...options, ...more } as Group, { backend: backend() });
    expect(create({ split: [8, 4] })).toThrow(ParameterError);
    expect(create({ split: [8, 4, 4], layout: "in-out" })).toThrow(ParameterError);
  });
});
