import { createReferenceEngine } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import type { SumoOptions } from "../algorithms/sumo/options.ts";
import type { Backend, Lines } from "../backend/backend.ts";
import { linalgBackend } from "../backend/linalg-backend.ts";
import type { LinalgMatrix } from "../backend/linalg-scratch.ts";
import type { LinalgSource } from "../backend/linalg-source.ts";
import { NonFiniteGradientError } from "../errors.ts";
import { EPS32, flat, random } from "../testing/dense.ts";
import { checkBackend } from "../testing/index.ts";
import { createOptimizer } from "./optimizer.ts";

type Linalg = Backend<LinalgMatrix, LinalgSource>;

/** Simulates a device: every read is a wait, and downloads the announced norms too. Norms are rounded from float64. */
class Device {
  waits = 0;
  readonly backend: Linalg;
  private announced = new Map<LinalgMatrix, Lines>();
  private known = new Map<LinalgMatrix, Record<Lines, number[]>>();

  constructor(good: Linalg = linalgBackend(createReferenceEngine({ bytes: 2 ** 22 }))) {
    const writing =
      <A extends readonly unknown[], R>(method: (out: LinalgMatrix, ...rest: A) => R) =>
      (out: LinalgMatrix, ...rest: A): R => {
        const result = method.call(good, out, ...rest);
        this.known.delete(out);
        this.announced.delete(out);
        return result;
      };
    this.backend = Object.assign(Object.create(good) as Linalg, {
      readsStall: true,
      write: writing(good.write),
      matmul: writing(good.matmul),
      scaleLines: writing(good.scaleLines),
      read: (a) => this.waiting(() => good.read(a)),
      norm: (a) => {
        if (!this.known.has(a)) this.waiting(() => this.learn(a));
        return Math.hypot(...this.known.get(a)!.rows);
      },
      axpby: (out, alpha, a, beta) => {
        const scaled = beta === 0 ? this.known.get(a) : undefined;
        writing(good.axpby)(out, alpha, a, beta);
        if (scaled !== undefined) this.learn(out);
      },
      polar: (out, a, ...rest) => {
        const info = this.waiting(() => writing(good.polar)(out, a, ...rest));
        this.learn(out);
        return info;
      },
      expectNorms: (a, lines = "rows") => void this.announced.set(a, lines),
      knownLineNorms: (a, lines) => this.known.get(a)?.[lines],
    } satisfies Partial<Linalg>);
  }

  private waiting<R>(read: () => R): R {
    this.waits++;
    for (const a of this.announced.keys()) this.learn(a);
    this.announced.clear();
    return read();
  }

  private learn(a: LinalgMatrix): void {
    const [rows, cols] = a.shape as [number, number];
    const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
    this.known.set(a, {
      rows: range(rows).map((i) => Math.fround(Math.hypot(...range(cols).map((j) => a.get(i, j))))),
      columns: range(cols).map((j) => Math.fround(Math.hypot(...range(rows).map((i) => a.get(i, j))))),
    });
  }
}

const OPTIONS: readonly Omit<SumoOptions, "optimizer" | "lr">[] = [
  {},
  { residual: "off" },
  { residual: "joint" },
  { preset: "paper", residual: "fira", scale: "rms", cautious: true, weightDecay: 0.1 },
  { orthogonalize: "polar-express" },
];
const SHAPES = [
  [9, 14],
  [14, 9],
] as const;
const CASES = OPTIONS.flatMap((options) => SHAPES.map((shape) => [JSON.stringify(options), shape, options] as const));

function created(backend: Linalg, [rows, cols]: readonly [number, number], options: (typeof OPTIONS)[number]) {
  const data = flat(random(rows, cols, 1));
  const settings = { optimizer: "sumo", lr: 0.1, rank: 3, refresh: { every: 100 }, ...options } as const;
  const create = (onNonFinite: "throw" | "skip") =>
    createOptimizer([{ name: "w", shape: [rows, cols], data }], settings, { backend, onNonFinite });
  return { data, create };
}

/** Gradients that leave the subspace and grow, so that the limiter acts. */
const gradientAt = (step: number, [rows, cols]: readonly [number, number]): Float32Array =>
  flat(random(rows, cols, 10 + step)).map((x) => 2 ** step * x);

test("the model keeps the contract, which notices norms that outlive a write", () => {
  const check = (backend: Linalg): void =>
    checkBackend({ backend, source: (values) => values, values: (source) => source as Float32Array });
  const { backend } = new Device();
  check(backend);
  const stale = Object.assign(Object.create(backend) as Linalg, { axpby: Object.getPrototypeOf(backend).axpby });
  expect(() => check(stale)).toThrow(/after another was announced/);
});

describe.each(CASES)("SUMO %s for %j on a device that carries norms along", (_, shape, options) => {
  test("waits once a step, and steps as elsewhere", () => {
    const device = new Device();
    const here = created(device.backend, shape, options);
    const there = created(linalgBackend(createReferenceEngine({ bytes: 2 ** 22 })), shape, options);
    const [one, other] = [here.create("throw"), there.create("throw")];
    for (let step = 0; step < 6; step++) {
      const before = device.waits;
      one.stepParameter("w", gradientAt(step, shape));
      other.stepParameter("w", gradientAt(step, shape));
      // The first step looks for a subspace.
      if (step > 0) expect(device.waits - before).toBe(1);
    }
    const moved = here.data.reduce((sum, x) => sum + Math.abs(x), 0);
    const apart = here.data.reduce((sum, x, i) => sum + Math.abs(x - there.data[i]!), 0);
    expect(apart).toBeLessThanOrEqual(6 * 2 ** 6 * EPS32 * moved);
    expect(one.counters).toEqual(other.counters);
    const [rms, want] = [one, other].map((optimizer) => optimizer.report().parameters[0]!.updateRms!);
    expect(Math.abs(rms! / want! - 1)).toBeLessThanOrEqual(2 ** 10 * EPS32);
  });

  test.each([Number.NaN, Infinity])("refuses a gradient with %s, and nothing has changed", (bad) => {
    const device = new Device();
    const { data, create } = created(device.backend, shape, options);
    const optimizer = create("throw");
    for (let step = 0; step < 2; step++) optimizer.stepParameter("w", gradientAt(step, shape));
    const [weights, state] = [data.slice(), optimizer.save()];
    const spoiled = gradientAt(2, shape).with(17, bad);
    expect(() => optimizer.stepParameter("w", spoiled)).toThrow(NonFiniteGradientError);
    expect(() => optimizer.step({ w: spoiled })).toThrow(NonFiniteGradientError);
    expect(data).toEqual(weights);
    expect(optimizer.save()).toEqual(state);
  });

  test("skips such a gradient where it shall", () => {
    const { data, create } = created(new Device().backend, shape, options);
    const optimizer = create("skip");
    for (let step = 0; step < 2; step++) optimizer.stepParameter("w", gradientAt(step, shape));
    const weights = data.slice();
    optimizer.stepParameter("w", gradientAt(2, shape).with(0, Number.NaN));
    expect(data).toEqual(weights);
    expect(optimizer.counters).toMatchObject({ steps: 2, skipped: 1 });
  });
});

test("a step of several parameters checks all gradients with one wait", () => {
  const device = new Device();
  const names = ["a", "b", "c"];
  const shape = SHAPES[0];
  const parameters = names.map((name) => ({ name, shape, data: new Float32Array(9 * 14) }));
  const optimizer = createOptimizer(parameters, { optimizer: "adamw", lr: 0.1 }, { backend: device.backend });
  const gradients = Object.fromEntries(names.map((name, i) => [name, gradientAt(i, shape)]));
  optimizer.step(gradients);
  expect(device.waits).toBe(1);
  const weights = parameters.map(({ data }) => data.slice());
  expect(() => optimizer.step({ ...gradients, c: gradientAt(2, shape).with(3, Number.NaN) })).toThrow(
    NonFiniteGradientError,
  );
  expect(parameters.map(({ data }) => data)).toEqual(weights);
});
