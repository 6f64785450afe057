import { Worker } from "node:worker_threads";
import { createReferenceEngine, createWasmEngine } from "@sumo/linalg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomBatch } from "../../test/batch.ts";
import { bundleWorker } from "../../test/worker-script.ts";
import { ConfigError, CrewError, createLlama, InputError, type LlamaConfig, type Pass, planLlama } from "../index.ts";

const HEAP = { bytes: 2 ** 27, shared: true };
const CONFIG = { vocabSize: 37, dim: 48, layers: 3, heads: 4, kvHeads: 2, hidden: 80, context: 20 };

let workers: Worker[] = [];
let hire: () => Worker;
beforeAll(async () => {
  const script = new URL(`data:text/javascript,${encodeURIComponent(await bundleWorker())}`);
  hire = () => new Worker(script);
  workers = [hire(), hire()];
});
afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));

/** Three batches, of which the last two have several documents in a sequence, with plain gradient steps in between: losses and every gradient. */
function train(pass: Pass, parameters: ReadonlyMap<string, Float32Array>): unknown {
  return [1, 2, 3].map((seed) => {
    const { tokens, targets } = randomBatch(pass.batch * pass.length, CONFIG.vocabSize, seed);
    const positions = seed === 1 ? undefined : tokens.map((_, i) => (i % pass.length) % (5 * seed));
    const gradients: [string, Float32Array][] = [];
    const keep = (name: string, gradient: Float32Array): void => {
      gradients.push([name, gradient.slice()]);
      const data = parameters.get(name)!;
      for (let i = 0; i < data.length; i++) data[i]! -= 0.5 * gradient[i]!;
    };
    const loss = pass.backward(tokens, targets, keep, positions);
    return { loss, again: pass.loss(tokens, targets, positions), gradients };
  });
}

const makeModel = (config: Partial<LlamaConfig> = CONFIG) => {
  const model = createLlama(config, { engine: createWasmEngine(HEAP), seed: 1 });
  return { model, parameters: new Map(model.parameters.map(({ name, data }) => [name, data])) };
};

describe("a threaded pass", () => {
  test.each<readonly [number, Partial<LlamaConfig>, boolean]>([
    [1, {}, false],
    [2, {}, true],
    [2, { tied: true }, false],
    [2, { qkvBias: true, headDim: 6 }, true],
    [2, { qkNorm: true, headDim: 16 }, false],
  ])("with %i workers (%o, recompute %s) trains as one thread does, bit for bit", async (count, changes, recompute) => {
    const one = makeModel({ ...CONFIG, ...changes });
    const many = makeModel({ ...CONFIG, ...changes });
    const pass = await many.model.createThreadedPass(5, 20, { workers: workers.slice(0, count), recompute });
    const threaded = train(pass, many.parameters);
    pass.dispose();
    expect(threaded).toEqual(train(one.model.createPass(5, 20), one.parameters));
  });

  test("gives everything back, and its workers can join the next one", async () => {
    const { model } = makeModel();
    const warm = randomBatch(12, CONFIG.vocabSize, 1);
    const single = model.createPass(3, 4); // leaves the engine's own scratch
    single.backward(warm.tokens, warm.targets, () => {});
    single.dispose();
    const { usedBytes } = model.engine.heap;
    for (let i = 0; i < 3; i++) {
      const pass = await model.createThreadedPass(3, 4, { workers });
      const { activationBytes, gradientBytes } = planLlama(model.config, { batch: 3, length: 4, threads: 3 });
      expect(model.engine.heap.usedBytes).toBe(usedBytes + activationBytes + gradientBytes);
      expect(pass.loss(warm.tokens, warm.targets)).toBeGreaterThan(0);
      pass.dispose();
      expect(model.engine.heap.usedBytes).toBe(usedBytes);
    }
  });

  test.each([false, true])(
    "no thread reads a parameter after its gradient was handed out (recompute %s)",
    async (recompute) => {
      const { tokens, targets } = randomBatch(60, CONFIG.vocabSize, 1);
      const gradients = (pass: Pass, parameters: ReadonlyMap<string, Float32Array>, spoil: boolean): unknown => {
        const seen: [string, Float32Array][] = [];
        pass.backward(tokens, targets, (name, gradient) => {
          seen.push([name, gradient.slice()]);
          if (spoil) parameters.get(name)!.fill(Number.NaN);
        });
        return seen;
      };
      const [one, many] = [makeModel(), makeModel()];
      const pass = await many.model.createThreadedPass(3, 20, { workers, recompute });
      const want = gradients(one.model.createPass(3, 20), one.parameters, false);
      // Several times: the order of arrivals varies.
      for (let i = 0; i < 5; i++) {
        const kept = Array.from(many.parameters.values(), (data) => [data, data.slice()] as const);
        expect(gradients(pass, many.parameters, true)).toEqual(want);
        for (const [data, values] of kept) data.set(values);
      }
      pass.dispose();
    },
  );

  test("survives a call-back that throws and input that is refused", async () => {
    const { model } = makeModel();
    const pass = await model.createThreadedPass(3, 4, { workers });
    const { tokens, targets } = randomBatch(12, CONFIG.vocabSize, 1);
    const before = pass.loss(tokens, targets);
    let calls = 0;
    const fail = (): never => {
      calls++;
      throw new RangeError("from the call-back");
    };
    expect(() => pass.backward(tokens, targets, fail)).toThrow(new RangeError("from the call-back"));
    expect(calls).toBe(1);
    expect(() => pass.loss(tokens.subarray(1), targets)).toThrow(InputError);
    expect(pass.backward(tokens, targets, () => {})).toBe(before);
    pass.dispose();
  });
});

describe("a worker that is lost", () => {
  const { tokens, targets } = randomBatch(12, CONFIG.vocabSize, 1);
  const timed = (work: () => unknown): number => {
    const start = performance.now();
    expect(work).toThrow(CrewError);
    return performance.now() - start;
  };

  test("is an error within seconds when it is killed in mid-step; the others can join the next pass", async () => {
    const { model } = makeModel();
    const before = model.createPass(3, 4).loss(tokens, targets);
    const doomed = hire();
    const pass = await model.createThreadedPass(3, 4, { workers: [workers[0]!, doomed] });
    expect(pass.loss(tokens, targets)).toBe(before);
    const { usedBytes } = model.engine.heap;
    const end: Promise<number>[] = [];
    expect(timed(() => pass.backward(tokens, targets, () => end.push(doomed.terminate())))).toBeLessThan(10_000);
    expect(timed(() => pass.loss(tokens, targets))).toBeLessThan(1000);
    pass.dispose();
    expect(model.engine.heap.usedBytes).toBe(usedBytes); // a lost worker may still write to it
    await end[0];
    const next = await model.createThreadedPass(3, 4, { workers });
    expect(next.loss(tokens, targets)).toBe(before);
    next.dispose();
  }, 20_000);

  test("is an error at once when it fails", async () => {
    const { model } = makeModel();
    const broken = hire();
    const failure = new Promise((resolve) => broken.once("error", resolve));
    const damaging = {
      postMessage: (message: object) => broken.postMessage({ ...message, weights: { layers: [] } }),
    };
    const pass = await model.createThreadedPass(3, 4, { workers: [workers[0]!, damaging] });
    expect(timed(() => pass.loss(tokens, targets))).toBeLessThan(1000);
    expect(await failure).toBeInstanceOf(TypeError);
    pass.dispose();
  });
});

describe("is refused", () => {
  test("without a shared heap, on another engine, or with more threads than sequences", async () => {
    const make = (engine: ReturnType<typeof createWasmEngine>, batch: number) =>
      createLlama(CONFIG, { engine }).createThreadedPass(batch, 4, { workers });
    await expect(make(createWasmEngine({ ...HEAP, shared: false }), 3)).rejects.toThrow(ConfigError);
    await expect(make(createReferenceEngine(HEAP), 3)).rejects.toThrow(ConfigError);
    await expect(make(createWasmEngine(HEAP), 2)).rejects.toThrow(ConfigError);
  });

  test("when workers do not come; one that came is free again, one that comes late is sent away", async () => {
    const { model } = makeModel();
    const late: unknown[] = [];
    const absent = { postMessage: (message: unknown) => late.push(message) };
    const making = model.createThreadedPass(3, 4, { workers: [workers[0]!, absent], timeoutMs: 300 });
    await expect(making).rejects.toThrow(CrewError);
    workers[1]!.postMessage(late[0]);
    const pass = await model.createThreadedPass(3, 4, { workers });
    pass.dispose();
  });
});
