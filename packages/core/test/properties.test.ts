import { createWasmEngine } from "@sumo/linalg";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linalgBackend } from "../src/backend/linalg-backend.ts";
import { readSafetensors } from "../src/checkpoint/safetensors.ts";
import { NonFiniteGradientError, OptimizerError } from "../src/errors.ts";
import type { Group } from "../src/optimizer/groups.ts";
import { createOptimizer } from "../src/optimizer/optimizer.ts";
import { plan } from "../src/optimizer/plan.ts";
import { flat, random } from "../src/testing/dense.ts";

/** One of an option's values, or `undefined`. */
const one = (...values: readonly unknown[]): fc.Arbitrary<unknown> => fc.constantFrom(undefined, ...values);
/** Options without `undefined` ones. */
const given = <O = Group>(options: fc.Arbitrary<Readonly<Record<string, unknown>>>): fc.Arbitrary<O> =>
  options.map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as O);
const lr = fc.constant(0.02);
const momentum = one(0, 0.9);

const sumo = given(
  fc.record({
    optimizer: fc.constant("sumo"),
    lr,
    preset: one("default", "paper"),
    rank: one(1, 3, 9, { energy: 0.8 }, { energy: 0.99, min: 2, max: 6 }),
    momentum,
    nesterov: one(true, false),
    residual: one("off", "raw", { scale: 0.3 }, "fira", "joint", { joint: 0.5 }),
    scale: one("rms", "paper", "spectral", "none"),
    side: one("short", "long", "left", "right"),
    refresh: one({ every: 1 }, { every: 3, stagger: false }, { captureBelow: 0.7, minGap: 1, maxGap: 4 }),
    sketch: fc.option(
      given(fc.record({ start: one("cold", "warm"), oversampling: one(0, 5), powerIterations: one(0, 2) })),
      { nil: undefined },
    ),
    orthogonalize: one("exact", "muon", "polar-express"),
    growthLimit: one("off", 1.01),
    weightDecay: one(0.1),
    cautious: one(true),
    stateBits: one(8),
  }),
);
const refresh = one({ every: 1 }, { every: 3 });
const rivals = fc.oneof(
  given(fc.record({ optimizer: fc.constant("adamw"), lr, weightDecay: one(0.1), stateBits: one(8) })),
  given(
    fc.record({
      optimizer: fc.constant("muon"),
      lr,
      momentum,
      nesterov: one(true, false),
      cautious: one(true),
      stateBits: one(8, 4),
      equilibrate: one("rows"),
    }),
  ),
  given(fc.record({ optimizer: fc.constant("galore"), lr, rank: one(1, 5), refresh })),
  given(fc.record({ optimizer: fc.constant("soap"), lr, refresh })),
  given(fc.record({ optimizer: fc.constant("sgd"), lr, momentum, nesterov: one(true, false) })),
);

const length = fc.integer({ min: 1, max: 12 });
const shape = fc.oneof(fc.tuple(length), fc.tuple(length, length), fc.tuple(length, length, fc.constant(3)));

const ENTRIES = {
  zero: () => 0,
  constant: () => 1,
  random: (x: number) => x,
  sparse: (x: number) => (x > 0.8 ? x : 0),
  "rank one": (_: number, i: number, j: number) => Math.sin(i + 1) * Math.cos(j),
} as const;
/** A gradient of one of these kinds times a power of two; or with NaN or an infinity. */
const gradient = fc.record({
  kind: fc.constantFrom(...(Object.keys(ENTRIES) as (keyof typeof ENTRIES)[])),
  exponent: fc.constantFrom(0, 0, 0, -149, -120, -60, -20, 20, 60, 110, 126),
  seed: fc.nat(99),
  bad: fc.option(fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY), { freq: 6 }),
});
type Gradient = typeof gradient extends fc.Arbitrary<infer G> ? G : never;

function made({ kind, exponent, seed, bad }: Gradient, shape: readonly number[], size: number): Float32Array {
  const cols = shape.at(-1)!;
  const values = flat(random(1, size, seed)).map(
    (x, i) => ENTRIES[kind](x, Math.floor(i / cols), i % cols) * 2 ** exponent,
  );
  if (bad !== null) values[seed % size] = bad;
  return values;
}

test("whatever comes: state and weights stay finite, a refused step changes nothing, and a resumed run has the same bits", () => {
  const backend = linalgBackend(createWasmEngine({ bytes: 2 ** 22 }));
  const property = fc.property(
    fc.oneof(sumo, rivals),
    shape,
    fc.array(gradient, { minLength: 1, maxLength: 9 }),
    fc.nat(8),
    (options, shape, gradients, resumedAt) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const create = (data: Float32Array) => createOptimizer([{ name: "w", shape, data }], options, { backend });
      const bytes = (x: Float32Array) => Buffer.from(x.buffer).toString("hex");
      const everything = () => [bytes(data), Buffer.from(optimizer.save()).toString("hex")];
      const data = flat(random(1, size, 5));
      const optimizer = create(data);
      expect(optimizer.report().stateBytes).toBe(plan([{ name: "w", shape }], options).stateBytes);
      let copy: { readonly data: Float32Array; readonly optimizer: typeof optimizer } | undefined;
      for (const [t, each] of gradients.entries()) {
        if (t === resumedAt) {
          const own = data.slice();
          copy = { data: own, optimizer: create(own) };
          copy.optimizer.load(optimizer.save());
        }
        const before = everything();
        const values = made(each, shape, size);
        let refused: unknown;
        try {
          optimizer.stepParameter("w", values);
        } catch (error) {
          refused = error;
          expect(error).toBeInstanceOf(each.bad === null ? OptimizerError : NonFiniteGradientError);
          expect(everything()).toEqual(before);
        }
        expect(refused === undefined && each.bad !== null).toBe(false);
        expect(data.every(Number.isFinite)).toBe(true);
        // State of 8 bits a number is saved as words that are no numbers.
        if (!("stateBits" in options)) {
          for (const { data: state } of Object.values(readSafetensors(optimizer.save()).tensors)) {
            expect(Array.from(state).every(Number.isFinite)).toBe(true);
          }
        }
        if (copy === undefined) continue;
        const again = () => copy!.optimizer.stepParameter("w", values);
        if (refused === undefined) again();
        else expect(again).toThrow(OptimizerError);
        expect(bytes(copy.data)).toBe(bytes(data));
      }
      for (const one of [optimizer, copy?.optimizer]) one?.dispose();
    },
  );
  fc.assert(property, { seed: 1, numRuns: 400 });
});
