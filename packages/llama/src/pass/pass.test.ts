import { createWasmEngine, WorkspaceError } from "@sumo/linalg";
import { ULP } from "@sumo/testing";
import { describe, expect, test } from "vitest";
import { randomBatch } from "../../test/batch.ts";
import {
  ConfigError,
  createLlama,
  InputError,
  type Llama,
  type LlamaConfig,
  llamaConfig,
  type PassOptions,
  planLlama,
} from "../index.ts";

const HEAP = { bytes: 2 ** 27 };
const SCALING = { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
const SMALL = { vocabSize: 17, dim: 16, layers: 3, heads: 2, hidden: 24, context: 8 };

describe("hand-out", () => {
  test("gradients come head first, then layer by layer from the last, through one set of buffers", () => {
    const model = createLlama(SMALL, { engine: createWasmEngine(HEAP) });
    const { tokens, targets } = randomBatch(16, 17, 1);
    const buffers = new Map<string, number>();
    model.createPass(2, 8).backward(tokens, targets, (name, { byteOffset }) => buffers.set(name, byteOffset));
    const groups = Array.from(buffers.keys(), (name) => name.match(/layers\.(\d)/)?.[1] ?? name);
    expect(groups.filter((group, i) => group !== groups[i - 1])).toEqual([
      "lm_head.weight",
      "model.norm.weight",
      "2",
      "1",
      "0",
      "model.embed_tokens.weight",
    ]);
    const halves = Array.from(buffers.keys())
      .filter((name) => name.includes("layers.1."))
      .map((name) => /mlp|post/.test(name));
    expect(halves).toEqual([true, true, true, true, false, false, false, false, false]);
    expect(new Set(buffers.keys())).toEqual(new Set(model.parameters.map(({ name }) => name)));
    const q = (layer: number) => buffers.get(`model.layers.${layer}.self_attn.q_proj.weight`);
    expect(q(0)).toBe(q(1));
    expect(q(0)).toBe(q(2));
  });

  test("changing a parameter inside the call-back does not change the gradients that follow", () => {
    const gradients = (change: boolean): Record<string, number[]> => {
      const model = createLlama(SMALL, { engine: createWasmEngine(HEAP) });
      const { tokens, targets } = randomBatch(16, 17, 1);
      const seen: Record<string, number[]> = {};
      model.createPass(2, 8).backward(tokens, targets, (name, gradient) => {
        seen[name] = Array.from(gradient);
        if (change) model.parameters.find((p) => p.name === name)!.data.fill(Number.NaN);
      });
      return seen;
    };
    expect(gradients(true)).toEqual(gradients(false));
  });

  test("descending along the gradients lowers the loss, and the loss is the same by both ways", () => {
    const model = createLlama(SMALL, { engine: createWasmEngine(HEAP), seed: 2 });
    const byName = new Map(model.parameters.map((p) => [p.name, p.data]));
    const pass = model.createPass(2, 8);
    const { tokens, targets } = randomBatch(16, 17, 1);
    const losses = Array.from({ length: 30 }, () => {
      const before = pass.loss(tokens, targets);
      const same = pass.backward(tokens, targets, (name, gradient) => {
        const data = byName.get(name)!;
        for (let i = 0; i < data.length; i++) data[i]! -= 0.3 * gradient[i]!;
      });
      expect(same).toBe(before);
      return before;
    });
    expect(Math.abs(losses[0]! - Math.log(17))).toBeLessThan(0.1);
    expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
  });

  test("recomputation changes no bit", () => {
    const { tokens, targets } = randomBatch(16, 17, 1);
    const run = (recompute: boolean): number[] => {
      const pass = createLlama(SMALL, { engine: createWasmEngine(HEAP) }).createPass(2, 8, { recompute });
      const all: number[] = [];
      all.push(pass.backward(tokens, targets, (_, gradient) => all.push(...gradient)));
      return all;
    };
    expect(run(true)).toEqual(run(false));
  });

  test("a large vocabulary's logits, taken a chunk of rows at a time, give the mean of the chunks' gradients", () => {
    // 128 rows are two chunks of 64, the least there is; either half of them is one chunk.
    const config = { ...SMALL, vocabSize: 17_000, dim: 4, layers: 1, context: 64 };
    const model = createLlama(config, { engine: createWasmEngine(HEAP) });
    const { tokens, targets } = randomBatch(128, config.vocabSize, 1);
    const headGradient = (from: number, to: number): { loss: number; head: Float64Array } => {
      let head = new Float64Array(0);
      const pass = model.createPass((to - from) / 64, 64);
      const loss = pass.backward(tokens.slice(from, to), targets.slice(from, to), (name, gradient) => {
        if (name === "lm_head.weight") head = Float64Array.from(gradient);
      });
      return { loss, head };
    };
    const [whole, first, second] = [headGradient(0, 128), headGradient(0, 64), headGradient(64, 128)];
    expect(Math.abs(whole.loss - (first.loss + second.loss) / 2)).toBeLessThanOrEqual(128 * ULP.float64 * whole.loss);
    const size = Math.max(...whole.head.map(Math.abs));
    const error = Math.max(...whole.head.map((g, i) => Math.abs(g - (first.head[i]! + second.head[i]!) / 2)));
    expect(error).toBeLessThanOrEqual(64 * ULP.float32 * size);
  });
});

describe("positions without a target", () => {
  const { tokens, targets } = randomBatch(16, 17, 1);
  const run = (length: number, from: Int32Array, to: Int32Array) => {
    const pass = createLlama({ ...SMALL, tied: true }, { engine: createWasmEngine(HEAP) }).createPass(2, length);
    const gradients: Record<string, Float64Array> = {};
    const loss = pass.backward(from, to, (name, gradient) => {
      gradients[name] = Float64Array.from(gradient);
    });
    expect(pass.loss(from, to)).toBe(loss);
    return { loss, gradients };
  };
  const rows = (x: Int32Array, from: number, to: number) =>
    Int32Array.of(...x.subarray(from, to), ...x.subarray(8 + from, 8 + to));

  test("at the end of a sequence are as if they were not there, whatever their tokens", () => {
    const short = run(5, rows(tokens, 0, 5), rows(targets, 0, 5));
    for (const filling of [0, 16]) {
      const from = tokens.map((token, i) => (i % 8 < 5 ? token : filling));
      const filled = run(
        8,
        from,
        targets.map((target, i) => (i % 8 < 5 ? target : -1)),
      );
      expect(Math.abs(filled.loss - short.loss)).toBeLessThanOrEqual(16 * ULP.float64 * short.loss);
      for (const [name, want] of Object.entries(short.gradients)) {
        const size = Math.max(...want.map(Math.abs));
        const apart = filled.gradients[name]!.map((g, i) => Math.abs(g - want[i]!));
        expect(Math.max(...apart), name).toBeLessThanOrEqual(64 * ULP.float32 * size);
      }
    }
  });

  test("share the mean among the rest: it is the sum over single targets, by their number", () => {
    const chosen = [2, 5, 9];
    const only = (list: readonly number[]) => targets.map((target, i) => (list.includes(i) ? target : -1));
    const whole = run(8, tokens, only(chosen));
    const parts = chosen.map((at) => run(8, tokens, only([at])));
    const mean = parts.reduce((sum, { loss }) => sum + loss, 0) / 3;
    expect(Math.abs(whole.loss - mean)).toBeLessThanOrEqual(16 * ULP.float64 * mean);
    for (const [name, got] of Object.entries(whole.gradients)) {
      const want = got.map((_, i) => parts.reduce((sum, { gradients }) => sum + gradients[name]![i]!, 0) / 3);
      const size = Math.max(...want.map(Math.abs));
      expect(Math.max(...got.map((g, i) => Math.abs(g - want[i]!))), name).toBeLessThanOrEqual(64 * ULP.float32 * size);
    }
  });
});

describe("documents packed into sequences", () => {
  /** Lengths of the documents of three sequences of 12. */
  const PACKED = [[5, 4, 3], [12], [1, 11]];
  const LENGTH = 12;
  const positions = Int32Array.from(PACKED.flat().flatMap((length) => Array.from({ length }, (_, i) => i)));
  const { tokens, targets } = randomBatch(positions.length, 17, 1);
  const spans = PACKED.flat().map((length, i, all) => {
    const from = all.slice(0, i).reduce((sum, before) => sum + before, 0);
    return [from, from + length] as const;
  });

  /** Losses and gradients of a batch, in sum over its tokens. */
  function sums(model: Llama, length: number, batch: readonly Int32Array[], options: PassOptions = {}) {
    const [from, to, places] = batch as [Int32Array, Int32Array, Int32Array?];
    const pass = model.createPass(from.length / length, length, options);
    const gradients = new Map<string, Float64Array>();
    const loss = pass.backward(
      from,
      to,
      (name, gradient) =>
        gradients.set(
          name,
          Float64Array.from(gradient, (x) => x * from.length),
        ),
      places,
    );
    expect(pass.loss(from, to, places)).toBe(loss);
    pass.dispose();
    return { loss: loss * from.length, gradients };
  }

  test.each<Partial<LlamaConfig>>([
    {},
    { tied: true, kvHeads: 1 },
    { qkvBias: true, headDim: 6 },
    { qkNorm: true, headDim: 12 },
  ])("have the losses and gradients of sequences of their own: %o", (changes) => {
    const config = { ...SMALL, context: LENGTH, ...changes };
    for (const recompute of [false, true]) {
      const model = createLlama(config, { engine: createWasmEngine(HEAP), seed: 4 });
      const packed = sums(model, LENGTH, [tokens, targets, positions], { recompute });
      const alone = spans.map(([from, to]) =>
        sums(model, to - from, [tokens.slice(from, to), targets.slice(from, to)], { recompute }),
      );
      const loss = alone.reduce((sum, each) => sum + each.loss, 0);
      expect(Math.abs(packed.loss - loss)).toBeLessThanOrEqual(64 * ULP.float64 * loss);
      for (const [name, got] of packed.gradients) {
        const want = got.map((_, i) => alone.reduce((sum, { gradients }) => sum + gradients.get(name)![i]!, 0));
        const size = Math.max(...alone.flatMap(({ gradients }) => Array.from(gradients.get(name)!, Math.abs)));
        const error = Math.max(...got.map((g, i) => Math.abs(g - want[i]!)));
        expect(error, name).toBeLessThanOrEqual(64 * ULP.float32 * size);
      }
      const mixed = sums(model, LENGTH, [tokens, targets]);
      expect(Math.abs(mixed.loss - loss)).toBeGreaterThan(1e-6 * loss); // as one document they see each other
    }
  });

  test("are whole sequences where no positions are given, bit for bit", () => {
    const model = createLlama({ ...SMALL, context: LENGTH }, { engine: createWasmEngine(HEAP) });
    const whole = positions.map((_, i) => i % LENGTH);
    expect(sums(model, LENGTH, [tokens, targets, whole])).toEqual(sums(model, LENGTH, [tokens, targets]));
    const pass = model.createPass(3, LENGTH);
    const want = pass.loss(tokens, targets);
    pass.loss(tokens, targets, positions);
    expect(pass.loss(tokens, targets)).toBe(want); // positions are those of one call
  });
});

describe("memory", () => {
  test.each([false, true])("the plan is what is allocated, to the byte (recompute %s)", (recompute) => {
    const kinds: readonly Partial<LlamaConfig>[] = [
      { tied: true },
      {},
      { qkvBias: true, headDim: 6 },
      { qkNorm: true },
    ];
    for (const changes of kinds) {
      const engine = createWasmEngine(HEAP);
      const config = llamaConfig({ ...SMALL, kvHeads: 1, ...changes });
      const plan = planLlama(config, { batch: 3, length: 5, recompute });
      const before = engine.heap.usedBytes;
      const model = createLlama(config, { engine });
      expect(engine.heap.usedBytes - before).toBe(plan.weightBytes);
      const pass = model.createPass(3, 5, { recompute });
      expect(engine.heap.usedBytes - before).toBe(plan.weightBytes + plan.activationBytes + plan.gradientBytes);
      pass.dispose();
      model.dispose();
      expect(engine.heap.usedBytes).toBe(before);
    }
  });

  test("nothing grows with a context that no pass uses", () => {
    const plan = (context: number) => planLlama(llamaConfig({ ...SMALL, context }), { batch: 2, length: 8 });
    expect(plan(131_072)).toEqual(plan(8));
  });

  test("gradients do not grow with depth, nor recomputed activations by more than a layer's input", () => {
    const plan = (layers: number) =>
      planLlama(llamaConfig({ ...SMALL, layers }), { batch: 2, length: 8, recompute: true });
    expect(plan(9).gradientBytes).toBe(plan(1).gradientBytes);
    expect(plan(9).activationBytes - plan(1).activationBytes).toBe(8 * 2 * 8 * 16 * 4);
  });

  test("a heap that is too small refuses and stays as it was", () => {
    const engine = createWasmEngine({ bytes: 2 ** 20 });
    const model = createLlama(SMALL, { engine });
    const { usedBytes } = engine.heap;
    expect(() => createLlama({ dim: 256 }, { engine })).toThrow(WorkspaceError);
    expect(() => model.createPass(500, 8)).toThrow(WorkspaceError);
    expect(engine.heap.usedBytes).toBe(usedBytes);
  });

  test("a warm pass allocates nothing in the heap", () => {
    const engine = createWasmEngine(HEAP);
    const pass = createLlama(SMALL, { engine }).createPass(2, 8);
    const { tokens, targets } = randomBatch(16, 17, 1);
    pass.backward(tokens, targets, () => {});
    const { usedBytes } = engine.heap;
    for (let i = 0; i < 5; i++) pass.backward(tokens, targets, () => {});
    expect(engine.heap.usedBytes).toBe(usedBytes);
  });
});

describe("bad input is refused before anything is written", () => {
  const model = createLlama(SMALL, { engine: createWasmEngine(HEAP) });
  const pass = model.createPass(2, 4);
  const good = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  const bad = Int32Array.of(0, 1, 2, 17, 4, 5, 6, 7);
  const fail = (): never => {
    throw new Error("no gradient may come");
  };

  test.each([
    ["a token of the vocabulary's size", bad, good],
    ["a target below -1", good, good.map((t) => -t)],
    ["no target at all", good, new Int32Array(8).fill(-1)],
    ["too few tokens", good.subarray(1), good],
    ["too many targets", good, new Int32Array(9)],
    ["tokens of another type", Float32Array.from(good) as unknown as Int32Array, good],
  ])("%s", (_, tokens, targets) => {
    const before = pass.loss(good, good);
    expect(() => pass.loss(tokens, targets)).toThrow(InputError);
    expect(() => pass.backward(tokens, targets, fail)).toThrow(InputError);
    expect(pass.loss(good, good)).toBe(before);
  });

  test.each([
    [
      "positions that do not begin with 0",
      Int32Array.of(1, 2, 3, 4, 0, 1, 2, 3),
      /expected position 0, got 1 at token 0/,
    ],
    [
      "a sequence that goes on with the last one",
      Int32Array.of(0, 1, 2, 3, 4, 0, 1, 2),
      /position 0, got 4 at token 4/,
    ],
    ["positions with a gap", Int32Array.of(0, 1, 3, 4, 0, 1, 2, 3), /position 0 or 2, got 3 at token 2/],
    ["too few positions", Int32Array.of(0, 1, 2, 3), /Int32Array of 8, got Int32Array of 4/],
    ["positions of another type", Array.from(good) as unknown as Int32Array, /Int32Array of 8, got Array/],
  ])("%s", (_, positions, message) => {
    const before = pass.loss(good, good);
    expect(() => pass.loss(good, good, positions)).toThrow(InputError);
    expect(() => pass.loss(good, good, positions)).toThrow(message);
    expect(() => pass.backward(good, good, fail, positions)).toThrow(message);
    expect(pass.loss(good, good)).toBe(before);
  });

  test.each([
    [{ dim: 10, heads: 4 }, /dim must be a multiple of heads/],
    [{ dim: 12, heads: 4 }, /even/],
    [{ heads: 4, kvHeads: 3 }, /kvHeads/],
    [{ layers: 0 }, /layers/],
    [{ vocabSize: 2.5 }, /vocabSize/],
    [{ context: Number.NaN }, /context/],
    [{ normEps: 0 }, /normEps/],
    [{ ropeTheta: -1 }, /ropeTheta/],
    [{ headDim: 5 }, /headDim must be even/],
    [{ headDim: 0 }, /headDim/],
    [{ ropeScaling: { ...SCALING, factor: 0.5 } }, /ropeScaling.factor/],
    [{ ropeScaling: { ...SCALING, highFreqFactor: 1 } }, /ropeScaling.highFreqFactor/],
    [{ ropeScaling: { ...SCALING, originalContext: Number.NaN } }, /ropeScaling.originalContext/],
    [{ qkvBias: true, qkNorm: true }, /exclude each other/],
  ])("config %o", (partial, message) => {
    expect(() => llamaConfig(partial)).toThrow(ConfigError);
    expect(() => llamaConfig(partial)).toThrow(message);
  });

  test("pass shapes and seeds", () => {
    const { usedBytes } = model.engine.heap;
    for (const [batch, length] of [
      [0, 4],
      [1.5, 4],
      [1, 0],
      [1, 9],
    ] as const) {
      expect(() => model.createPass(batch, length)).toThrow(ConfigError);
      expect(() => planLlama(model.config, { batch, length })).toThrow(ConfigError);
    }
    expect(() => createLlama(SMALL, { engine: model.engine, seed: -1 })).toThrow(ConfigError);
    expect(model.engine.heap.usedBytes).toBe(usedBytes);
  });
});

describe("initialization", () => {
  test("has the deviations of the papers, from the seed alone", () => {
    const make = (seed: number) =>
      createLlama({ dim: 64, layers: 2, context: 8 }, { engine: createWasmEngine(HEAP), seed });
    const [one, again, other] = [make(1), make(1), make(2)];
    one.parameters.forEach(({ name, data, kind }, i) => {
      const deviation = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
      const want = kind === "norm" ? 1 : /\.(o|down)_proj/.test(name) ? 0.02 / 2 : 0.02;
      // The sample's deviation of n normal numbers deviates by 1 / √(2n) relative; five of those.
      expect(Math.abs(deviation / want - 1), name).toBeLessThanOrEqual(5 / Math.sqrt(2 * data.length));
      expect(again.parameters[i]!.data).toEqual(data);
      if (kind !== "norm") expect(other.parameters[i]!.data).not.toEqual(data);
    });
  });
});
