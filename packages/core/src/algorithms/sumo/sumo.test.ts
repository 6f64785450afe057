import { createReferenceEngine, createWasmEngine } from "@sumo/linalg";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SumoOracleOptions, sensitivity, sumoOracle } from "../../../test/sumo-oracle.ts";
import { linalgBackend } from "../../backend/linalg-backend.ts";
import type { Group } from "../../optimizer/groups.ts";
import { createOptimizer } from "../../optimizer/optimizer.ts";
import {
  combined,
  EPS32,
  flat,
  frobenius,
  type Rows,
  random,
  transposed,
  unflat,
  withSpectrum,
} from "../../testing/dense.ts";
import type { SumoOptions } from "./options.ts";

const [ROWS, COLS, RANK, STEPS] = [12, 8, 3, 9];
const SPECTRUM = [9, 6, 4, 0.5, 0.3, 0.2, 0.1, 0.05];
const weight = random(ROWS, COLS, 1);
// A slow drift: every gradient shares most of its directions with the one before.
const base = withSpectrum(ROWS, COLS, SPECTRUM, 2);
const gradients = Array.from({ length: STEPS }, (_, t) =>
  combined(1, base, 0.15, random(ROWS, COLS, 10 + t)).map((row) => row.map(Math.fround)),
);

/** Every step rounds to float32 and is as sensitive as the subspace and the polar factor. */
const TOLERANCE = 20 * STEPS * EPS32 * sensitivity(gradients, RANK);

function trained(
  options: Omit<SumoOptions, "optimizer"> & Pick<Group, "layout">,
  w: Rows = weight,
  g: readonly Rows[] = gradients,
): Rows {
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 22 }));
  const data = flat(w);
  const shape = [w.length, w[0]!.length];
  const optimizer = createOptimizer([{ name: "w", shape, data }], { optimizer: "sumo", ...options }, { backend });
  for (const gradient of g) optimizer.stepParameter("w", flat(gradient));
  return unflat(w.length, w[0]!.length, data);
}

function expectClose(got: Rows, want: Rows): void {
  const moved = frobenius(combined(1, want, -1, want.length === ROWS ? weight : transposed(weight)));
  expect(frobenius(combined(1, got, -1, want))).toBeLessThanOrEqual(TOLERANCE * moved + EPS32 * frobenius(want));
}

const PAPER: SumoOracleOptions = {
  lr: 0.01,
  rank: RANK,
  every: 4,
  momentum: 0.95,
  nesterov: false,
  residual: "raw",
  scale: () => Math.sqrt(ROWS),
  weightDecay: 0.1,
  warm: false,
  limit: Infinity,
};

const rms = (directions: number) => 0.2 * Math.sqrt((ROWS * COLS) / directions);
const ours: SumoOracleOptions = {
  ...PAPER,
  momentum: 0.9,
  nesterov: true,
  residual: "fira",
  scale: rms,
  weightDecay: 0,
  warm: true,
  limit: 1.1,
};

/** The default's choices, with the growth limit on the whole update, or on O alone as the paper's preset has it. */
const LIMITED_ON = {
  update: {},
  orthogonal: {
    preset: "paper",
    momentum: 0.9,
    nesterov: true,
    residual: "fira",
    scale: "rms",
    side: "short",
    sketch: { start: "warm" },
  },
} as const satisfies Record<string, Omit<SumoOptions, "optimizer" | "lr">>;

describe("SUMO follows an independent float64 computation", () => {
  test("preset paper is Algorithm 1 of version 2", () => {
    const options = { preset: "paper", lr: 0.01, rank: RANK, refresh: { every: 4 }, weightDecay: 0.1 } as const;
    expectClose(trained(options), sumoOracle(weight, gradients, PAPER));
  });

  test("preset paper compresses the longer side of a wide matrix as well", () => {
    const options = { preset: "paper", lr: 0.01, rank: RANK, refresh: { every: 4 }, weightDecay: 0.1 } as const;
    const got = trained(options, transposed(weight), gradients.map(transposed));
    expectClose(got, transposed(sumoOracle(weight, gradients, PAPER)));
  });

  test("preset paper projects a square weight from the left, as m >= n says", () => {
    const square = (a: Rows): Rows => a.slice(0, COLS);
    const options = { preset: "paper", lr: 0.01, rank: RANK, refresh: { every: 4 } } as const;
    const scale = () => Math.sqrt(COLS);
    const want = sumoOracle(square(weight), gradients.map(square), { ...PAPER, scale, weightDecay: 0 });
    expectClose(trained(options, square(weight), gradients.map(square)), want);
  });

  const cases: readonly [string, Omit<SumoOptions, "optimizer" | "lr">, Partial<SumoOracleOptions>][] = [
    ["the default", {}, {}],
    ["without a residual", { residual: "off" }, { residual: "off" }],
    ["a scaled residual", { residual: { scale: 0.1 } }, { residual: { scale: 0.1 } }],
    ["the joint form", { residual: { joint: 1.5 } }, { residual: { joint: 1.5 } }],
    ["the joint form at its default weight", { residual: "joint" }, { residual: { joint: 2 } }],
    ["no Nesterov", { nesterov: false }, { nesterov: false }],
    ["a new subspace at every step", { refresh: { every: 1 } }, { every: 1 }],
    ["one subspace for ever", { refresh: { every: 1000 } }, { every: 1000 }],
    ["cold refreshes", { sketch: { start: "cold" } }, { warm: false }],
    ["weight decay", { weightDecay: 0.3 }, { weightDecay: 0.3 }],
    ["weight decay without a residual", { weightDecay: 0.3, residual: "off" }, { weightDecay: 0.3, residual: "off" }],
    ["a full rank", { rank: COLS }, { rank: COLS }],
  ];
  test.each(cases)("%s", (_, options, variation) => {
    // The oracle projects from the left: transposed, the shorter side of 8 × 12 is its rows.
    const settings = { lr: 0.01, rank: RANK, refresh: { every: 4 }, ...options };
    const want = sumoOracle(transposed(weight), gradients.map(transposed), { ...ours, ...variation });
    expectClose(trained(settings, transposed(weight), gradients.map(transposed)), want);
    expectClose(trained(settings), transposed(want));
  });

  test.each(["out-in", "in-out"] as const)("the joint form with equal rows, layout %s", (layout) => {
    // Of 8 outputs in rows, then of 12 in columns.
    const settings = { lr: 0.01, rank: RANK, refresh: { every: 4 }, residual: "joint", equilibrate: "rows" } as const;
    const lines = layout === "out-in" ? "rows" : "columns";
    const oracle = { ...ours, residual: { joint: 2 }, equilibrate: lines } as const;
    const want = sumoOracle(transposed(weight), gradients.map(transposed), oracle);
    expectClose(trained({ ...settings, layout }, transposed(weight), gradients.map(transposed)), want);
    const other = layout === "out-in" ? "in-out" : "out-in";
    expectClose(trained({ ...settings, layout: other }), transposed(want));
  });

  test.each(["fira", "off", "raw", { scale: 0.1 }] as const)(
    "rows are not equilibrated for the residual %j",
    (residual) => {
      expect(() => trained({ lr: 0.01, residual, equilibrate: "rows" })).toThrow(/equilibrate/);
    },
  );

  test("Newton–Schulz with enough steps agrees with the exact factor", () => {
    const settings = { lr: 0.01, rank: RANK, refresh: { every: 4 } };
    const exact = trained(settings);
    const iterated = trained({ ...settings, orthogonalize: { coefficients: "classical", steps: 25 } });
    expectClose(iterated, exact);
  });
});

describe("a residual that outgrows the subspace", () => {
  // After the first step the gradient is almost orthogonal to the subspace, whose moment stays.
  const elsewhere = withSpectrum(ROWS, COLS, SPECTRUM, 40);
  const leaving = gradients.map((g, t) =>
    t === 0 ? g : combined(0.05, g, 1, elsewhere).map((row) => row.map(Math.fround)),
  );
  const settings = { lr: 0.01, rank: RANK, refresh: { every: 1000 }, growthLimit: "off" } as const;
  const oracle: SumoOracleOptions = { ...ours, every: 1000, limit: Infinity };
  const ceiling = rms(RANK) * Math.sqrt(COLS);

  test.each(Object.entries(LIMITED_ON))("is cut to the whole gradient's orthogonalized step (%s)", (_, limited) => {
    expectClose(
      trained({ ...limited, ...settings }, weight, leaving),
      transposed(sumoOracle(transposed(weight), leaving.map(transposed), oracle)),
    );
    const before = trained({ ...limited, ...settings }, weight, leaving.slice(0, -1));
    const after = trained({ ...limited, ...settings }, weight, leaving);
    const moved = frobenius(combined(1, after, -1, before)) / settings.lr;
    expect(Math.abs(moved / ceiling - 1)).toBeLessThanOrEqual(2 ** -16 + TOLERANCE);
  });

  test("of any gradients, an update's root mean square is at most 0.2 √(min(m, n) / r)", () => {
    const sizes = fc.record({
      rows: fc.integer({ min: 2, max: 6 }),
      cols: fc.integer({ min: 2, max: 6 }),
      rank: fc.integer({ min: 1, max: 6 }),
    });
    const steps = fc.array(
      fc.record({ seed: fc.nat(999), scale: fc.constantFrom(0, 1e-20, 1e-4, 1, 1e6), lines: fc.nat(63) }),
      { minLength: 2, maxLength: 8 },
    );
    const limits = fc
      .tuple(fc.constantFrom(1.1, "off" as const), fc.constantFrom(...Object.values(LIMITED_ON)))
      .map(([growthLimit, limited]) => ({ ...limited, growthLimit }));
    const property = fc.property(sizes, steps, limits, ({ rows, cols, rank }, drawn, limit) => {
      const backend = linalgBackend(createReferenceEngine({ bytes: 2 ** 18 }));
      const parameters = [{ name: "w", shape: [rows, cols], data: new Float32Array(rows * cols) }];
      const optimizer = createOptimizer(
        parameters,
        { optimizer: "sumo", lr: 1, rank, ...limit, refresh: { every: 5 } },
        { backend },
      );
      for (const { seed, scale, lines } of drawn) {
        // Some rows lie far below the others, so that bases and lines lose their gradients.
        const g = random(rows, cols, seed).map((row, i) => row.map((x) => x * scale * ((lines >> i) & 1 ? 1 : 1e-3)));
        optimizer.stepParameter("w", flat(g));
        const { updateRms } = optimizer.report().parameters[0]!;
        const bound = 0.2 * Math.sqrt(Math.min(rows, cols) / Math.min(rank, rows, cols));
        expect(updateRms).toBeLessThanOrEqual(bound * (1 + 2 ** -16 + 10 * rows * cols * EPS32));
      }
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});

test("the limiter shortens a burst to 1.1 times the update before", () => {
  const burst = [...gradients.slice(0, 3), gradients[3]!.map((row) => row.map((x) => Math.fround(1e3 * x)))];
  const options = { lr: 0.01, rank: RANK, residual: "raw", growthLimit: 1.1, refresh: { every: 100 } } as const;
  const before = trained(options, weight, burst.slice(0, 2));
  const between = trained(options, weight, burst.slice(0, 3));
  const after = trained(options, weight, burst);
  const last = frobenius(combined(1, between, -1, before));
  const limited = frobenius(combined(1, after, -1, between));
  expect(limited / last).toBeCloseTo(1.1, 4);
});

test("a zero first gradient changes nothing and does not stop the parameter", () => {
  const zero = weight.map((row) => row.map(() => 0));
  for (const preset of ["default", "paper"] as const) {
    const options = { preset, lr: 0.01, rank: RANK, refresh: { every: 4 } };
    expect(trained(options, weight, [zero, zero])).toEqual(weight);
    expect(trained(options, weight, [zero, ...gradients])).toEqual(trained(options));
  }
});

test("the update does not depend on the loss's scale where nothing raw is added", () => {
  const halved = gradients.map((g) => g.map((row) => row.map((x) => x / 1024)));
  for (const residual of ["off", "fira", "joint"] as const) {
    const options = { lr: 0.01, rank: RANK, residual, refresh: { every: 4 } };
    expectClose(trained(options, weight, halved), trained(options));
  }
});

test("cautious decay touches only weights that the update shrinks", () => {
  const options = { lr: 0.01, rank: RANK, refresh: { every: 4 } };
  const [g] = gradients;
  const plain = trained(options, weight, [g!]);
  const cautious = trained({ ...options, weightDecay: 0.5, cautious: true }, weight, [g!]);
  weight.forEach((row, i) => {
    row.forEach((w, j) => {
      const update = (w - plain[i]![j]!) / 0.01;
      const expected = plain[i]![j]! - (update * w > 0 ? 0.01 * 0.5 * w : 0);
      expect(Math.abs(cautious[i]![j]! - expected)).toBeLessThanOrEqual(4 * EPS32 * (Math.abs(w) + Math.abs(update)));
    });
  });
});
