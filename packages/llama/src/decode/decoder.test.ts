import { createReferenceEngine, createWasmEngine, type Engine, fillNormal, WorkspaceError } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomBatch } from "../../test/batch.ts";
import { referenceLogits, toTensors } from "../../test/reference-model.ts";
import { ConfigError, createLlama, InputError, type LlamaConfig, planDecoder } from "../index.ts";

const CONFIG = { vocabSize: 19, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 24, context: 40 };
const HEAP = { bytes: 2 ** 26 };

const KINDS: readonly Partial<LlamaConfig>[] = [
  {},
  { qkvBias: true, headDim: 6 },
  { qkNorm: true, headDim: 8, tied: true },
  { ropeScaling: { factor: 4, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 20 } },
];
const engines: readonly (readonly [string, Engine])[] = [
  ["reference", createReferenceEngine(HEAP)],
  ["wasm", createWasmEngine(HEAP)],
];
const cases = engines.flatMap(([name, engine]) => KINDS.map((kind) => [name, kind, engine] as const));

describe.each(cases)("%s engine, %o", (_, changes, engine) => {
  const model = createLlama({ ...CONFIG, ...changes }, { engine, seed: 4 });
  for (const { data, kind, name } of model.parameters) {
    if (kind !== "hidden") fillNormal(data, [name.length, 0, 0]); // no norm is 1, no bias 0
  }
  const { tokens } = randomBatch(40, 19, 6);

  test("logits are the float64 model's at every position", () => {
    const decoder = model.createDecoder();
    const want = referenceLogits(model.config, toTensors(model.parameters), Array.from(tokens));
    tokens.forEach((token, i) => {
      const got = decoder.feed(Int32Array.of(token));
      const error = Math.max(...got.map((x, j) => Math.abs(x - want[i]![j]!)));
      // Twelve operations a layer on sums of up to 24 terms.
      expect(error).toBeLessThanOrEqual(ULP.float32 * 6 * 2 * 24 * Math.max(...want[i]!.map(Math.abs)));
    });
    expect(decoder.position).toBe(40);
    decoder.dispose();
  });

  test("however the sequence is cut, the last logits are the same, bit for bit", () => {
    const decoder = model.createDecoder();
    const whole = decoder.feed(tokens).slice();
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 6 }), (cuts) => {
        decoder.reset();
        const ends = [0, ...cuts.sort((a, b) => a - b), 40];
        const last = ends
          .slice(1)
          .map((end, i) => decoder.feed(tokens.subarray(ends[i]!, end)))
          .at(-1);
        expect(last).toEqual(whole);
      }),
      { seed: 1, numRuns: 20 },
    );
    decoder.dispose();
  });

  test("after a rewind other tokens can follow, as if nothing else had been there", () => {
    const [decoder, fresh] = [model.createDecoder(), model.createDecoder()];
    decoder.feed(tokens);
    decoder.rewind(13);
    expect(decoder.position).toBe(13);
    const other = tokens.slice(20, 31);
    fresh.feed(tokens.subarray(0, 13));
    expect(decoder.feed(other)).toEqual(fresh.feed(other));
    for (const bad of [-1, 25, 1.5, Number.NaN]) expect(() => decoder.rewind(bad)).toThrow(InputError);
    expect(decoder.position).toBe(24);
    for (const each of [decoder, fresh]) each.dispose();
  });

  test("a smaller cache gives the same bits, and refuses what it has no room for", () => {
    const [small, large] = [model.createDecoder(7), model.createDecoder()];
    const piece = tokens.subarray(0, 7);
    expect(small.feed(piece)).toEqual(large.feed(piece));
    expect(() => small.feed(tokens.subarray(7, 8))).toThrow(InputError);
    for (const decoder of [small, large]) decoder.dispose();
    for (const capacity of [0, 1.5, 41]) expect(() => model.createDecoder(capacity)).toThrow(ConfigError);
  });

  test("the plan is what is allocated, to the byte", () => {
    for (const capacity of [1, 7, 40]) {
      const before = engine.heap.usedBytes;
      const decoder = model.createDecoder(capacity);
      expect(engine.heap.usedBytes - before).toBe(planDecoder(model.config, capacity));
      decoder.dispose();
    }
    for (const capacity of [0, 1.5, 41]) expect(() => planDecoder(model.config, capacity)).toThrow(ConfigError);
  });

  test("refuses tokens that do not fit, and keeps its cache", () => {
    const decoder = model.createDecoder();
    decoder.feed(tokens.subarray(0, 30));
    const wrongType = [null, undefined, [1], Float32Array.of(1)] as unknown as Int32Array[];
    const refused = [new Int32Array(0), new Int32Array(11), Int32Array.of(19), Int32Array.of(-1), ...wrongType];
    for (const bad of refused) {
      expect(() => decoder.feed(bad)).toThrow(InputError);
      expect(decoder.position).toBe(30);
    }
    const next = decoder.feed(tokens.subarray(30)).slice();
    decoder.reset();
    expect(decoder.feed(tokens)).toEqual(next);
    const { usedBytes } = engine.heap;
    decoder.dispose();
    expect(engine.heap.usedBytes).toBeLessThan(usedBytes);
  });
});

test("a small cache fits where one for the whole context does not", () => {
  const engine = createWasmEngine({ bytes: 2 ** 22 });
  const model = createLlama({ ...CONFIG, context: 2 ** 14 }, { engine });
  expect(() => model.createDecoder()).toThrow(WorkspaceError);
  expect(model.createDecoder(40).feed(Int32Array.of(1))).toHaveLength(CONFIG.vocabSize);
});
