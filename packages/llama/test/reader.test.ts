import { createReferenceEngine, createWasmEngine } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLlama, InputError } from "../src/index.ts";
import { randomBatch } from "./batch.ts";
import { referenceLogits, toTensors } from "./reference-model.ts";

const CONFIG = { vocabSize: 19, dim: 16, layers: 2, heads: 4, kvHeads: 2, hidden: 24, context: 40 };
const HEAP = { bytes: 2 ** 26 };

describe.each([
  ["reference", createReferenceEngine(HEAP)],
  ["wasm", createWasmEngine(HEAP)],
])("%s engine", (_, engine) => {
  const model = createLlama(CONFIG, { engine, seed: 4 });
  const { tokens } = randomBatch(40, 19, 6);

  test("logits are the float64 model's at every position", () => {
    const reader = model.createReader();
    const want = referenceLogits(model.config, toTensors(model.parameters), Array.from(tokens));
    tokens.forEach((token, i) => {
      const got = reader.feed(Int32Array.of(token));
      const error = Math.max(...got.map((x, j) => Math.abs(x - want[i]![j]!)));
      // Twelve operations a layer on sums of up to 24 terms.
      expect(error).toBeLessThanOrEqual(ULP.float32 * 6 * 2 * 24 * Math.max(...want[i]!.map(Math.abs)));
    });
    expect(reader.position).toBe(40);
    reader.dispose();
  });

  test("however the sequence is cut, the last logits are the same, bit for bit", () => {
    const reader = model.createReader();
    const whole = reader.feed(tokens).slice();
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 6 }), (cuts) => {
        reader.reset();
        const ends = [0, ...cuts.sort((a, b) => a - b), 40];
        const last = ends
          .slice(1)
          .map((end, i) => reader.feed(tokens.subarray(ends[i]!, end)))
          .at(-1);
        expect(last).toEqual(whole);
      }),
      { seed: 1, numRuns: 20 },
    );
    reader.dispose();
  });

  test("refuses what does not fit and keeps what it has read", () => {
    const reader = model.createReader();
    reader.feed(tokens.subarray(0, 30));
    for (const bad of [new Int32Array(0), new Int32Array(11), Int32Array.of(19), Int32Array.of(-1)]) {
      expect(() => reader.feed(bad)).toThrow(InputError);
      expect(reader.position).toBe(30);
    }
    const next = reader.feed(tokens.subarray(30)).slice();
    reader.reset();
    expect(reader.feed(tokens)).toEqual(next);
    const { usedBytes } = engine.heap;
    reader.dispose();
    expect(engine.heap.usedBytes).toBeLessThan(usedBytes);
  });
});
