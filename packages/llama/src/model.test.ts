import { inflateRawSync } from "node:zlib";
import { ArgumentError, createReferenceEngine, createWasmEngine, type Engine, fillNormal } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import { describe, expect, test, vi } from "vitest";
import { randomBatch } from "../test/batch.ts";
import { referenceLoss, toTensors } from "../test/reference-model.ts";
import { createLlama, InputError, type Llama, type LlamaConfig, type PassOptions } from "./index.ts";
import { wasmDeflated } from "./kernels/kernels.generated.ts";

const HEAP = { bytes: 2 ** 26 };

const engines: readonly (readonly [string, () => Engine])[] = [
  ["reference", () => createReferenceEngine(HEAP)],
  ["wasm", () => createWasmEngine(HEAP)],
];

/** Of the four waves of a head, of 6 to 6283 tokens, one is kept, one between, two are stretched. */
const SCALING = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 100 };

const small = { vocabSize: 11, dim: 8, layers: 2, heads: 2, kvHeads: 1, hidden: 12, context: 8 };
const shapes: readonly (readonly [string, Partial<LlamaConfig>, number, number, PassOptions])[] = [
  ["grouped queries", small, 2, 5, {}],
  ["tied head", { ...small, tied: true, kvHeads: 2 }, 1, 8, {}],
  ["odd sizes", { ...small, dim: 18, heads: 3, kvHeads: 3, hidden: 7, vocabSize: 5, layers: 1 }, 3, 3, {}],
  ["one token", { ...small, layers: 1, context: 1 }, 1, 1, {}],
  ["heads wider than their share", { ...small, headDim: 6 }, 2, 5, {}],
  ["heads narrower than their share", { ...small, headDim: 2, hidden: 3 }, 2, 5, {}],
  ["biases", { ...small, qkvBias: true }, 2, 5, {}],
  ["norms of queries and keys", { ...small, qkNorm: true, headDim: 6 }, 2, 5, {}],
  ["norms, recomputed", { ...small, qkNorm: true, heads: 4, kvHeads: 2, tied: true }, 3, 4, { recompute: true }],
  ["scaled positions", { ...small, headDim: 8, ropeScaling: SCALING }, 2, 8, {}],
  ["recomputation", { ...small, layers: 3 }, 2, 4, { recompute: true }],
];

/** Weights of size one, so that every gradient is well above rounding, and norms that differ from 1. */
function shakenModel(engine: Engine, config: Partial<LlamaConfig>): Llama {
  const model = createLlama(config, { engine, seed: 3 });
  model.parameters.forEach(({ data, shape, kind }, i) => {
    const noise = new Float64Array(data.length);
    fillNormal(noise, [5, i, 0]);
    const deviation = kind === "norm" ? 0.2 : 1 / Math.sqrt(shape[1] ?? 1);
    for (let j = 0; j < data.length; j++) data[j] = (kind === "norm" ? 1 : 0) + deviation * noise[j]!;
  });
  return model;
}

/** Rounding of a model: each of about 12 operations a layer, over sums as long as the widest, may lose an ulp of its size. */
const rounding = ({ layers, dim, hidden, vocabSize }: LlamaConfig): number =>
  (ULP.float32 / 2) * (12 * layers + 4) * Math.sqrt(Math.max(dim, hidden, vocabSize)) * 4;

describe.each(engines)("%s engine", (_, create) => {
  describe.each(shapes)("%s", (_, partial, batch, length, options) => {
    test("the loss is the float64 model's", () => {
      const model = shakenModel(create(), partial);
      const { config } = model;
      const { tokens, targets } = randomBatch(batch * length, config.vocabSize, 1);
      const want = referenceLoss(config, toTensors(model.parameters), tokens, targets, length);
      const got = model.createPass(batch, length, options).loss(tokens, targets);
      expect(Math.abs(got - want)).toBeLessThanOrEqual(rounding(config) * Math.max(1, want));
    });

    test("every gradient is the central difference of the float64 model's loss", () => {
      const model = shakenModel(create(), partial);
      const { config } = model;
      const { tokens, targets } = randomBatch(batch * length, config.vocabSize, 1);
      const tensors = toTensors(model.parameters);
      const pass = model.createPass(batch, length, options);
      const seen: string[] = [];
      pass.backward(tokens, targets, (name, gradient) => {
        seen.push(name);
        const want = centralDifference(tensors[name]!, () => referenceLoss(config, tensors, tokens, targets, length));
        const error = Math.max(...gradient.map((g, i) => Math.abs(g - want[i]!)));
        const size = Math.max(...want.map(Math.abs));
        // Differences of step h leave h²/6 of a third derivative of size one, and 2⁻⁵³ / h of the loss's rounding.
        expect(error, name).toBeLessThanOrEqual(rounding(config) * Math.max(size, 0.1) + 10 * STEP ** 2);
      });
      expect([...seen].sort()).toEqual(model.parameters.map(({ name }) => name).sort());
    });
  });
});

const STEP = 1e-5;

function centralDifference(x: Float64Array, f: () => number): Float64Array {
  return x.map((value, i) => {
    x[i] = value + STEP;
    const above = f();
    x[i] = value - STEP;
    const below = f();
    x[i] = value;
    return (above - below) / (2 * STEP);
  });
}

describe("compiled kernels", () => {
  const tokens = Int32Array.of(1, 2, 3);
  const lossOf = (kernels?: object) => {
    const model = createLlama(small, { engine: createWasmEngine(HEAP), seed: 3, ...(kernels && { kernels }) });
    return model.createPass(1, 3).loss(tokens, tokens);
  };

  test("stand in for those that are compiled from bytes", () => {
    const compiled = new WebAssembly.Module(inflateRawSync(Buffer.from(wasmDeflated, "base64")));
    const engine = createWasmEngine(HEAP);
    const expected = lossOf();
    // Their bytes are text.
    vi.stubGlobal("atob", () => {
      throw new Error("bytes are decoded");
    });
    try {
      const model = createLlama(small, { engine, seed: 3, kernels: compiled });
      expect(model.createPass(1, 3).loss(tokens, tokens)).toBe(expected);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("that are another module, or none, are refused", () => {
    const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    expect(() => lossOf(empty)).toThrow(InputError);
    expect(() => lossOf(empty)).toThrow(/@sumo\/llama\/kernels\.wasm/);
    expect(() => lossOf({})).toThrow(ArgumentError);
    expect(() => createLlama(small, { kernels: "kernels" as never })).toThrow(ArgumentError);
  });
});
