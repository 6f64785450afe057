import { createReferenceEngine, createWasmEngine, fromRows, transpose } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import { linalgBackend } from "../backend/linalg-backend.ts";
import {
  DisposedError,
  GradientShapeError,
  NonFiniteGradientError,
  OptimizerOptionError,
  ParameterError,
  StepFailedError,
} from "../errors.ts";
import { EPS32, flat, random, transposed } from "../testing/dense.ts";
import type { Group } from "./groups.ts";
import { createOptimizer } from "./optimizer.ts";
import { plan } from "./plan.ts";

const engine = () => createWasmEngine({ bytes: 2 ** 24 });
const shapes = [
  { name: "wide", shape: [16, 40] },
  { name: "tall", shape: [40, 16] },
  { name: "norm", shape: [40] },
];
const parameters = () =>
  shapes.map(({ name, shape }, i) => ({ name, shape, data: flat(random(1, size(shape), i + 1)) }));
const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);
const gradientsAt = (t: number) =>
  Object.fromEntries(shapes.map(({ name, shape }, i) => [name, flat(random(1, size(shape), 100 * t + i + 9))]));

const OPTIMIZERS: readonly Group[] = [
  { optimizer: "sumo", lr: 0.01, rank: 4 },
  { optimizer: "sumo", lr: 0.01, rank: 4, residual: "off" },
  { optimizer: "sumo", lr: 0.01, rank: 4, residual: "joint", orthogonalize: "muon" },
  { optimizer: "sumo", lr: 0.01, rank: { energy: 0.5, max: 6 }, refresh: { every: 2 } },
  { optimizer: "sumo", lr: 0.01, rank: { energy: 0.5, max: 10 }, refresh: { every: 2 }, stateBits: 8 },
  { optimizer: "sumo", preset: "paper", lr: 0.01, rank: 4, refresh: { every: 3 } },
  { optimizer: "adamw", lr: 0.01 },
  { optimizer: "muon", lr: 0.01 },
  { optimizer: "muon", lr: 0.01, momentum: 0, orthogonalize: "exact" },
  { optimizer: "galore", lr: 0.01, rank: 4, refresh: { every: 3 } },
  { optimizer: "soap", lr: 0.01, refresh: { every: 3 } },
  { optimizer: "sgd", lr: 0.01 },
];
const named = OPTIMIZERS.map((options) => [JSON.stringify(options), options] as const);

describe("memory", () => {
  test.each(named)("%s allocates what plan says, and nothing later", (_, options) => {
    // The reference engine stages nothing, so that the heap holds the optimizer's memory alone.
    const own = createReferenceEngine({ bytes: 2 ** 24 });
    const { stateBytes, workspaceBytes } = plan(shapes, options);
    const optimizer = createOptimizer(parameters(), options, { backend: linalgBackend(own) });
    expect(own.heap.usedBytes).toBe(stateBytes + workspaceBytes);
    optimizer.on("step", () => {});
    for (let t = 0; t < 5; t++) optimizer.step(gradientsAt(t));
    const shrinks = options.optimizer === "sumo" && typeof options.rank === "object";
    if (shrinks) expect(own.heap.usedBytes).toBeLessThan(stateBytes + workspaceBytes);
    else expect(own.heap.usedBytes).toBe(stateBytes + workspaceBytes);
    expect(own.heap.peakBytes).toBe(stateBytes + workspaceBytes);
    optimizer.dispose();
    expect(own.heap.usedBytes).toBe(0);
  });

  test("SUMO's state is r (m + n) numbers a matrix, AdamW's 2 mn", () => {
    const sumo = plan(shapes, { optimizer: "sumo", lr: 1, rank: 4 });
    expect(sumo.parameters.map(({ stateFloats }) => stateFloats)).toEqual([4 * 56, 4 * 56, 2 * 40]);
    expect(plan(shapes, { optimizer: "adamw", lr: 1 }).stateFloats).toBe(2 * (640 + 640 + 40));
  });

  test("warm steps allocate nothing that grows with the parameters", () => {
    const shape = [192, 512];
    const data = new Float32Array(192 * 512);
    const gradient = flat(random(192, 512, 3));
    const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 25 }));
    const options = { optimizer: "sumo", lr: 0.01, rank: 8, refresh: { every: 3 } } as const;
    const optimizer = createOptimizer([{ name: "w", shape, data }], options, { backend });
    for (let t = 0; t < 4; t++) optimizer.stepParameter("w", gradient);
    const before = process.memoryUsage().arrayBuffers;
    for (let t = 0; t < 12; t++) optimizer.stepParameter("w", gradient);
    // Twelve steps that each left one r × n array behind would show as 12 · 8 · 512 · 4 bytes.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(12 * 8 * 512 * 4);
  });

  test("a heap that is too small is given back", () => {
    const small = createWasmEngine({ bytes: 2 ** 16 });
    const shape = [64, 128];
    const create = () =>
      createOptimizer(
        [
          { name: "a", shape: [8, 8], data: new Float32Array(64) },
          { name: "b", shape, data: new Float32Array(64 * 128) },
        ],
        { optimizer: "adamw", lr: 1 },
        { backend: linalgBackend(small) },
      );
    expect(create).toThrow(/Heap/);
    expect(small.heap.usedBytes).toBe(0);
  });
});

describe("gradients", () => {
  const create = (options: Group = OPTIMIZERS[0]!, onNonFinite: "throw" | "skip" = "throw") => {
    const all = parameters();
    return { all, optimizer: createOptimizer(all, options, { backend: linalgBackend(engine()), onNonFinite }) };
  };
  const snapshot = ({ all, optimizer }: ReturnType<typeof create>) => [
    ...all.map(({ data }) => Buffer.from(data.slice().buffer).toString("hex")),
    Buffer.from(optimizer.save()).toString("hex"),
  ];

  test.each(named)("%s refuses NaN and infinity with nothing changed", (_, options) => {
    const made = create(options);
    for (let t = 0; t < 3; t++) made.optimizer.step(gradientsAt(t));
    const before = snapshot(made);
    for (const bad of [Number.NaN, Infinity]) {
      for (const { name } of shapes) {
        const gradients = gradientsAt(3);
        gradients[name]![7] = bad;
        const refused = () => made.optimizer.step(gradients);
        expect(refused).toThrow(NonFiniteGradientError);
        expect(refused).toThrow(`"${name}" at step 3`);
        expect(snapshot(made)).toEqual(before);
      }
    }
  });

  test("onNonFinite: skip drops the gradient, counts it and says so", () => {
    const made = create(OPTIMIZERS[0], "skip");
    const alarms: unknown[] = [];
    made.optimizer.on("alarm", ({ parameter, kind, step }) => alarms.push([parameter, kind, step]));
    made.optimizer.step(gradientsAt(0));
    const wide = made.all[0]!.data.slice();
    const gradients = gradientsAt(1);
    gradients["wide"]![0] = Number.NaN;
    made.optimizer.step(gradients);
    expect(made.all[0]!.data).toEqual(wide);
    expect(alarms).toEqual([["wide", "non-finite", 1]]);
    expect(made.optimizer.counters).toMatchObject({ steps: 5, skipped: 1 });
  });

  test("an update beyond float32 fails with nothing changed", () => {
    const made = create({ optimizer: "sumo", lr: 1, rank: 4, residual: { scale: 1e30 }, growthLimit: "off" });
    const before = snapshot(made);
    const huge = flat(random(16, 40, 5)).map((x) => 1e20 * x);
    expect(() => made.optimizer.stepParameter("wide", huge)).toThrow(StepFailedError);
    expect(snapshot(made)).toEqual(before);
  });

  test("a gradient of the wrong size or shape is refused", () => {
    const { optimizer } = create();
    expect(() => optimizer.stepParameter("wide", new Float32Array(639))).toThrow(GradientShapeError);
    expect(() => optimizer.stepParameter("wide", fromRows(random(40, 16, 1)))).toThrow(GradientShapeError);
    expect(() => optimizer.stepParameter("narrow", new Float32Array(640))).toThrow(ParameterError);
  });

  test("views of any stride and dtype give what packed float32 gives", () => {
    const rows = random(16, 40, 4);
    const [flatMade, viewMade] = [create(), create()];
    flatMade.optimizer.stepParameter("wide", flat(rows));
    viewMade.optimizer.stepParameter("wide", transpose(fromRows(transposed(rows))));
    expect(viewMade.all[0]!.data).toEqual(flatMade.all[0]!.data);
  });

  test("weights in the engine's heap are updated in place", () => {
    const own = engine();
    const inHeap = own.heap.float32(640);
    const outside = parameters()[0]!.data;
    inHeap.set(outside);
    for (const data of [inHeap, outside]) {
      const optimizer = createOptimizer([{ name: "w", shape: [16, 40], data }], OPTIMIZERS[0]!, {
        backend: linalgBackend(own),
      });
      for (let t = 0; t < 3; t++) optimizer.stepParameter("w", gradientsAt(t)["wide"]!);
    }
    expect(inHeap).toEqual(outside);
  });
});

test("the reference engine and WebAssembly agree", () => {
  const [wasm, reference] = [createWasmEngine({ bytes: 2 ** 24 }), createReferenceEngine({ bytes: 2 ** 24 })].map(
    (own) => {
      const all = parameters();
      const optimizer = createOptimizer(all, OPTIMIZERS[0]!, { backend: linalgBackend(own) });
      for (let t = 0; t < 4; t++) optimizer.step(gradientsAt(t));
      return all.map(({ data }) => data);
    },
  );
  wasm!.forEach((data, i) => {
    const worst = data.reduce((most, x, j) => Math.max(most, Math.abs(x - reference![i]![j]!)), 0);
    // Random gradients have no gap: their subspace is as sensitive as σ / (σ_r − σ_{r+1}), taken as 100.
    expect(worst).toBeLessThanOrEqual(4 * 100 * 40 * EPS32);
  });
});

describe("what is reported", () => {
  test("every parameter says what it got and why", () => {
    const optimizer = createOptimizer(
      parameters(),
      { optimizer: "sumo", lr: 0.01, rank: 99 },
      { backend: linalgBackend(engine()) },
    );
    optimizer.step(gradientsAt(0));
    const { parameters: reported, counters, backend } = optimizer.report();
    expect(reported.map(({ optimizer: name }) => name)).toEqual(["sumo", "sumo", "adamw"]);
    expect(reported[0]!.note).toBe("rank 16 (clamped from 99), projected from the left");
    expect(reported[2]!.reason).toBe("[40] is no matrix: AdamW at the same learning rate, without weight decay");
    expect(reported[1]!.updateRms).toBeGreaterThan(0.19);
    expect(reported[1]!.captured).toBeCloseTo(1, 5);
    expect(counters).toEqual({ steps: 3, orthogonalized: 2, refreshes: 2, limited: 0, skipped: 0, noops: 0 });
    expect(backend).toMatch(/^linalg\//);
  });

  test("events carry the step's geometry to those who listen", () => {
    const options = { optimizer: "sumo", lr: 0.01, rank: 4, refresh: { every: 2, stagger: false } } as const;
    const optimizer = createOptimizer(parameters(), options, { backend: linalgBackend(engine()) });
    const steps: string[] = [];
    const ends = [
      optimizer.on("step", (event) => {
        if (event.parameter !== "wide") return;
        steps.push(`step ${event.step}`);
        expect(event.spectrum).toHaveLength(4);
        expect(event.condition).toBeCloseTo(event.spectrum![0]! / event.spectrum![3]!, 10);
        expect(event.stableRank).toBeGreaterThanOrEqual(1);
        expect(event.stableRank).toBeLessThanOrEqual(4);
        // O is rounded to float32, and so is its Gram matrix over 40 columns.
        expect(event.orthogonality).toBeLessThanOrEqual(40 * EPS32);
      }),
      optimizer.on("refresh", ({ parameter, step, first, retention, angles, spectrum, rank }) => {
        if (parameter !== "wide") return;
        steps.push(`refresh ${step}`);
        expect([first, rank, spectrum?.length]).toEqual([step === 0, 4, 4]);
        if (first) expect(retention).toBe(1);
        else expect(retention).toBeLessThanOrEqual(1 + 40 * EPS32);
        expect(angles?.length).toBe(first ? undefined : 4);
      }),
    ];
    for (let t = 0; t < 3; t++) optimizer.step(gradientsAt(t));
    for (const end of ends) end();
    optimizer.step(gradientsAt(3));
    expect(steps).toEqual(["refresh 0", "step 0", "step 1", "refresh 2", "step 2"]);
  });

  test("a basis that holds less than chance would is an alarm, once", () => {
    const options = { optimizer: "sumo", lr: 0.01, rank: 2, refresh: { every: 100 } } as const;
    const data = new Float32Array(64);
    const optimizer = createOptimizer([{ name: "w", shape: [8, 8], data }], options, {
      backend: linalgBackend(engine()),
    });
    const alarms: string[] = [];
    optimizer.on("alarm", ({ kind, step }) => alarms.push(`${kind} ${step}`));
    const along = (k: number) => Float32Array.from({ length: 64 }, (_, i) => (i === 9 * k || i === 9 * k + 9 ? 1 : 0));
    for (const k of [0, 0, 4, 4]) optimizer.stepParameter("w", along(k));
    expect(alarms).toEqual(["stale-basis 2"]);
  });

  test("a gradient that gives no update is an alarm", () => {
    const data = new Float32Array(4);
    const options = { optimizer: "sumo", lr: 0.01, rank: 1, residual: "off", orthogonalize: [[0, 0, 0]] } as const;
    const optimizer = createOptimizer([{ name: "w", shape: [2, 2], data }], options, {
      backend: linalgBackend(engine()),
    });
    const alarms: string[] = [];
    optimizer.on("alarm", ({ kind }) => alarms.push(kind));
    optimizer.stepParameter("w", Float32Array.of(1, 2, 3, 4));
    expect(alarms).toEqual(["no-op"]);
    expect(optimizer.counters.noops).toBe(1);
  });
});

describe("bad input is refused before anything is allocated", () => {
  const { heap } = engine();
  const backend = linalgBackend(createWasmEngine(heap));
  const one = [{ name: "w", shape: [4, 4], data: new Float32Array(16) }];
  test.each<[string, unknown]>([
    ["unknown optimizer", { optimizer: "adam", lr: 1 }],
    ["unknown option", { optimizer: "sumo", lr: 1, momentums: 0.9 }],
    ["no learning rate", { optimizer: "sumo" }],
    ["a negative learning rate", { optimizer: "adamw", lr: -1 }],
    ["rank 0", { optimizer: "sumo", lr: 1, rank: 0 }],
    ["a rank that is no fraction", { optimizer: "sumo", lr: 1, rank: { energy: 1.5 } }],
    ["momentum 1", { optimizer: "muon", lr: 1, momentum: 1 }],
    ["no residual", { optimizer: "sumo", lr: 1, residual: "none" }],
    ["two kinds of refresh", { optimizer: "sumo", lr: 1, refresh: { every: 3, captureBelow: 0.5 } }],
    ["every 0", { optimizer: "sumo", lr: 1, refresh: { every: 0 } }],
    ["16 bits of state", { optimizer: "sumo", lr: 1, stateBits: 16 }],
    ["GaLore every 0", { optimizer: "galore", lr: 1, refresh: { every: 0 } }],
    ["GaLore that staggers", { optimizer: "galore", lr: 1, refresh: { every: 3, stagger: true } }],
    ["a limit below 1", { optimizer: "sumo", lr: 1, growthLimit: 0.9 }],
    ["no coefficients", { optimizer: "sumo", lr: 1, orthogonalize: [] }],
    ["an undefined option", { optimizer: "sumo", lr: 1, rank: undefined }],
    ["a layout", { optimizer: "sumo", lr: 1, layout: "io" }],
    ["a split", { optimizer: "sumo", lr: 1, split: [] }],
    ["a match", { optimizer: "sumo", lr: 1, match: 3 }],
  ])("%s", (_, options) => {
    expect(() => createOptimizer(one, options as Group, { backend })).toThrow(OptimizerOptionError);
    expect(heap.usedBytes).toBe(0);
  });

  test.each<[string, unknown]>([
    ["a name twice", [...one, ...one]],
    ["no name", [{ ...one[0], name: "" }]],
    ["a shape of zero", [{ ...one[0], shape: [0, 4] }]],
    ["a shape that does not fit", [{ ...one[0], shape: [4, 5] }]],
  ])("%s", (_, bad) => {
    expect(() => createOptimizer(bad as typeof one, OPTIMIZERS[0]!, { backend })).toThrow(ParameterError);
    expect(heap.usedBytes).toBe(0);
  });

  test("a disposed optimizer", () => {
    const optimizer = createOptimizer(one, OPTIMIZERS[0]!, { backend });
    optimizer.dispose();
    optimizer.dispose();
    expect(() => optimizer.stepParameter("w", new Float32Array(16))).toThrow(DisposedError);
    expect(() => optimizer.save()).toThrow(DisposedError);
  });
});
