import { mergeAdapter, readSafetensors, writeSafetensors } from "@sumo/core";
import { createWasmEngine } from "@sumo/linalg";
import { createLlama, llamaConfig, parameterShapes } from "@sumo/llama";
import { describe, expect, test } from "vitest";
import { RunError } from "../errors.ts";
import type { TrainOptions } from "../options/train-options.ts";
import { factorsOf, scalingOf } from "./factors.ts";
import { Lora } from "./lora.ts";

const EPS32 = 2 ** -24;
const LENGTH = 12;
const config = llamaConfig({ dim: 16, layers: 2, heads: 2, context: LENGTH, vocabSize: 40 });
const tokens = Int32Array.from({ length: LENGTH }, (_, i) => (7 * i) % 40);
const targets = Int32Array.from({ length: LENGTH }, (_, i) => (11 * i + 3) % 40);
/** Gradient descent at rate 1: what it subtracts from a factor is the factor's gradient. */
const DESCENT = { optimizer: "sgd", lr: 1, momentum: 0 } as const;

type Options = Pick<TrainOptions, "rank" | "alpha">;

/** A model with LoRA on its hidden matrices. */
function adapted(groups: ConstructorParameters<typeof Lora>[1]["groups"], options: Options = { rank: 3 }) {
  const engine = createWasmEngine({ bytes: 2 ** 24 });
  const model = createLlama(config, { engine, seed: 1 });
  const hidden = model.parameters.filter(({ kind }) => kind === "hidden");
  for (const { data } of hidden) for (let i = 0; i < data.length; i++) data[i]! *= 10;
  const before = new Map(hidden.map(({ name, data }) => [name, data.slice()]));
  const lora = new Lora(hidden, { ...options, groups, seed: 2 }, engine, { microBatches: 1 });
  const pass = model.createPass(1, LENGTH);
  const step = (): number =>
    pass.backward(tokens, targets, (name, gradient) => {
      if (before.has(name)) lora.stepParameter(name, gradient);
    });
  return { model, hidden, before, lora, step, loss: () => pass.loss(tokens, targets) };
}

const sumOf = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0);

test("gradients of both factors are the differences of the loss", () => {
  const { hidden, lora, step, loss } = adapted(DESCENT);
  for (let i = 0; i < 3; i++) step(); // B begins with 0, where A has no gradient
  const scaling = scalingOf({ rank: 3 });
  for (const { name, shape, data } of hidden) {
    const [out, inputs] = shape as [number, number];
    const weight = data.slice();
    const { a, b } = lora.factorsOf(name);
    const [oldA, oldB] = [a.slice(), b.slice()];
    const saved = lora.savePieces();
    const file = new Uint8Array(Buffer.concat([...saved]));
    const others = hidden.map((other) => other.data.slice());
    step();
    const gradients = [oldA.map((x, i) => x - a[i]!), oldB.map((x, i) => x - b[i]!)];
    for (const [i, other] of hidden.entries()) other.data.set(others[i]!);
    lora.load(file);
    for (const [which, gradient] of gradients.entries()) {
      const squared = sumOf(Float64Array.from(gradient, (x) => x * x));
      const size = 0.002 / squared; // changes the loss by about so much
      const moved = (by: number): number => {
        const factors = [oldA, oldB].map((x, k) => (k === which ? x.map((y, i) => y + by * gradient[i]!) : x));
        const change = (p: Float32Array, q: Float32Array) =>
          mergeAdapter({ shape, data: new Float32Array(out * inputs) }, { a: p, b: q, rank: 3, shape: [out, inputs] });
        const [now, then] = [change(oldA, oldB), change(factors[0]!, factors[1]!)];
        data.set(weight.map((w, i) => w + scaling * (then[i]! - now[i]!)));
        return loss();
      };
      const slope = (moved(size / 2) - moved(-size / 2)) / size;
      data.set(weight);
      expect(Math.abs(slope / squared - 1), `${name}, ${which}`).toBeLessThan(0.01);
    }
  }
});

describe.each([
  ["adamw", { optimizer: "adamw", lr: 0.01 }],
  ["sumo", { optimizer: "sumo", lr: 0.02 }],
] as const)("by %s", (_, groups) => {
  test("weights stay the base plus the scaled product, and the loss falls", () => {
    const { hidden, before, lora, step } = adapted(groups, { rank: 4, alpha: 6 });
    const first = step();
    const STEPS = 60;
    for (let i = 0; i < STEPS; i++) step();
    expect(step()).toBeLessThan(first - 0.2);
    for (const { name, shape, data } of hidden) {
      const [out, inputs] = shape as [number, number];
      const { a, b } = lora.factorsOf(name);
      const scaled = { a, b: b.map((x) => 1.5 * x), rank: 4, shape: [out, inputs] as const };
      const merged = mergeAdapter({ shape, data: before.get(name)! }, scaled);
      const largest = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const off = data.reduce((most, x, i) => Math.max(most, Math.abs(x - merged[i]!)), 0);
      expect(off).toBeGreaterThan(0); // it is not recomputed from the base
      expect(off).toBeLessThan(4 * STEPS * EPS32 * largest);
    }
  });

  test("what is saved and loaded goes on with the same bits", () => {
    const one = adapted(groups);
    for (let i = 0; i < 5; i++) one.step();
    const file = new Uint8Array(Buffer.concat([...one.lora.savePieces()]));
    const other = adapted(groups);
    for (const [i, { data }] of other.hidden.entries()) data.set(one.hidden[i]!.data);
    other.lora.load(file);
    expect([other.step(), other.step()]).toEqual([one.step(), one.step()]);
    expect(other.hidden[3]!.data).toEqual(one.hidden[3]!.data);
  });
});

test("a file without a factor, or with one of another shape, is refused and changes nothing", () => {
  const { lora, step, hidden } = adapted(DESCENT);
  step();
  const { tensors, metadata } = readSafetensors(new Uint8Array(Buffer.concat([...lora.savePieces()])));
  const name = Object.keys(tensors).find((key) => key.endsWith("q_proj.lora_A.weight"))!;
  const { [name]: factor, ...rest } = tensors;
  const { a } = lora.factorsOf(hidden[0]!.name);
  const kept = a.slice();
  const odd = { ...factor!, shape: [...factor!.shape].reverse() };
  for (const damaged of [rest, { ...rest, [name]: odd }]) {
    expect(() => lora.load(writeSafetensors(damaged, metadata))).toThrow(RunError);
  }
  expect(a).toEqual(kept);
});

test("a rank is at most a matrix's shorter side, and factors have PEFT's names", () => {
  const weights = parameterShapes(config).filter(({ kind }) => kind === "hidden");
  const [{ a, b }] = factorsOf(weights, { rank: 99 }) as [ReturnType<typeof factorsOf>[number]];
  expect(a).toEqual({ name: "model.layers.0.self_attn.q_proj.lora_A.weight", shape: [16, 16], kind: "hidden" });
  expect(b.shape).toEqual([16, 16]);
});
