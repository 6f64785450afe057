import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import * as llama from "../src/index.ts";
import {
  bytesFile,
  createLlama,
  type LlamaConfig,
  LlamaError,
  llamaConfig,
  toHuggingFaceConfig,
} from "../src/index.ts";
import { safetensors } from "./safetensors.ts";

const config: LlamaConfig = llamaConfig({ vocabSize: 5, dim: 8, layers: 1, heads: 2, hidden: 8, context: 4 });
const model = createLlama(config);
const tensors = Object.fromEntries(model.parameters.map(({ name, shape, data }) => [name, { shape, data }]));
const stored = Object.entries(tensors).map(([name, tensor]) => [name, { dtype: "F32", ...tensor }] as const);
const file = bytesFile(safetensors(Object.fromEntries(stored)));
const [pass, decoder] = [model.createPass(1, 2), model.createDecoder()];
const tokens = Int32Array.of(1, 2);
const shape = { batch: 1, length: 2 };
const half = createLlama(config, { dtype: "bfloat16" });
const bits = half.parameters[0]!.data as Uint16Array;
const numbers = half.engine.heap.float32(bits.length);
const worker = { postMessage: () => {} };
const exported = llama as unknown as Record<string, (...args: unknown[]) => unknown>;

type Call = (...args: never[]) => unknown;

/** Good arguments of every function and method. Those beyond `required` may be undefined. */
interface Case {
  readonly name: string;
  readonly good: readonly unknown[];
  readonly required: number;
  readonly call: Call;
}

const of = (name: string, good: readonly unknown[], required: number = good.length): Case => ({
  name,
  good,
  required,
  call: exported[name]!,
});

const cases: readonly Case[] = [
  of("bytesFile", [new Uint8Array(8)]),
  of("chooseToken", [Float32Array.of(1, 2), {}, 0.5]),
  of("createLlama", [config, {}], 0),
  of("fromHuggingFaceConfig", [toHuggingFaceConfig(config)]),
  of("llamaConfig", [{}], 0),
  of("loadTensors", [model, tensors]),
  of("loadWeights", [model, [file]]),
  of("parameterShapes", [config]),
  of("planDecoder", [config, 2]),
  of("planLlama", [config, shape]),
  of("rotaryFrequencies", [config]),
  of("shardNames", [{ weight_map: { w: "a.safetensors" } }]),
  of("toHuggingFaceConfig", [config, "float32"], 1),
  of("storeWeights", [new Uint16Array(3), [1, 2, 3]]),
  of("weightNumbers", [new Uint16Array(3)]),
  of("weightTypes", [[file]]),
  { name: "model.widen", good: [numbers, bits], required: 2, call: half.widen },
  { name: "model.roundAtRandom", good: [bits, numbers, [1, 2]], required: 3, call: half.roundAtRandom },
  {
    name: "model.createPass",
    good: [1, 2, {}],
    required: 2,
    call: (...args: Parameters<typeof model.createPass>) => model.createPass(...args).dispose(),
  },
  {
    name: "model.createDecoder",
    good: [2],
    required: 0,
    call: (capacity: number) => model.createDecoder(capacity).dispose(),
  },
  { name: "pass.loss", good: [tokens, tokens], required: 2, call: pass.loss },
  { name: "pass.backward", good: [tokens, tokens, () => {}], required: 3, call: pass.backward },
  { name: "decoder.rewind", good: [0], required: 1, call: decoder.rewind },
  {
    name: "decoder.feed",
    good: [tokens],
    required: 1,
    call: (given: Int32Array) => {
      decoder.reset();
      return decoder.feed(given);
    },
  },
];

const MISTAKES: readonly unknown[] = [
  ...[undefined, null, -1, Number.NaN, "text", true, Symbol("s"), 2n, () => 1],
  ...[[], [null], {}, { bogus: 1 }, new Float32Array(2), new BigInt64Array(2)],
];

/** Mistakes that are good arguments after all. */
const FINE: Readonly<Record<string, readonly unknown[]>> = {
  chooseToken: [{}],
  createLlama: [{}],
  llamaConfig: [{}],
  "model.createPass": [{}],
  weightNumbers: [new Float32Array(2)],
  weightTypes: [[]],
};

async function thrownBy(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(cases)("$name", ({ name, good, required, call }) => {
  const run = call as (...args: unknown[]) => unknown;

  test("takes its arguments", () => {
    expect(() => run(...good)).not.toThrow();
  });

  test.each(good.map((_, at) => at))("refuses what does not belong in place %i, and changes nothing", async (at) => {
    const before = model.parameters.map(({ data }) => Float32Array.from(data));
    for (const value of MISTAKES) {
      if (value === undefined && at >= required) continue;
      if (typeof value === typeof good[at] && typeof value === "function") continue;
      if (FINE[name]?.some((fine) => inspect(fine) === inspect(value))) continue;
      // A number of logits is a matter of their owner.
      if (name === "chooseToken" && at === 0 && value instanceof Float32Array) continue;
      const error = await thrownBy(() => run(...good.with(at, value)));
      expect(error, `${inspect(value)}`).toBeInstanceOf(LlamaError);
      expect(error).toMatchObject({ code: expect.stringMatching(/^LLAMA_/) });
    }
    expect(model.parameters.map(({ data }) => Float32Array.from(data))).toEqual(before);
  });
});

test("every function that is exported is in the table above", () => {
  const names = Object.keys(exported).filter((name) => /^[a-z]/.test(name));
  const known = [...cases.map(({ name }) => name), "joinCrew"];
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
});

test("every method that takes an argument is in the table above", () => {
  const methods = Object.entries({ model, pass, decoder }).flatMap(([of, object]) =>
    Object.entries(object)
      .filter(([, value]) => typeof value === "function" && value.length > 0)
      .map(([name]) => `${of}.${name}`),
  );
  const known = [...cases.map(({ name }) => name), "model.createThreadedPass"];
  expect(methods.filter((name) => !known.includes(name))).toEqual([]);
});

test.each(MISTAKES)("joinCrew refuses the message %o", async (message) => {
  expect(await thrownBy(() => llama.joinCrew(message))).toBeInstanceOf(LlamaError);
});

test.each([
  ...[undefined, null, 3, {}, { workers: null }, { workers: [null] }, { workers: [{}] }],
  ...[
    { workers: [worker], timeoutMs: Number.NaN },
    { workers: [worker], timeout: 3 },
  ],
])("createThreadedPass refuses the options %o", async (options) => {
  await expect(model.createThreadedPass(1, 2, options as never)).rejects.toBeInstanceOf(LlamaError);
});

test.each<[string, () => unknown]>([
  ["an engine", () => createLlama(config, { engine: {} as never })],
  ["a seed", () => createLlama(config, { seed: Number.NaN })],
  ["weights", () => createLlama(config, { weights: {} as never })],
  ["a scaling", () => llamaConfig({ ropeScaling: "linear" as never })],
  ["a file", () => llama.weightTypes([null as never])],
  ["a tensor", () => llama.loadTensors(model, { ...tensors, "model.norm.weight": null as never })],
  ["data", () => llama.loadTensors(model, { ...tensors, "model.norm.weight": { shape: [8], data: [1] as never } })],
  ["a predicate", () => llama.chooseToken(Float32Array.of(1), { allowed: 3 as never }, 0)],
  ["a random number", () => llama.chooseToken(Float32Array.of(1), {}, 1)],
  ["threads", () => llama.planLlama(config, { ...shape, threads: 0.5 })],
])("%s of another kind or out of range", async (_, call) => {
  expect(await thrownBy(call)).toBeInstanceOf(LlamaError);
});

test("an unknown option is named, with the nearest known one", () => {
  expect(() => llamaConfig({ layer: 3 } as never)).toThrow(
    'llamaConfig: unknown option "layer" (did you mean "layers"?)',
  );
  expect(() => model.createPass(1, 2, { recomput: true } as never)).toThrow('(did you mean "recompute"?)');
});
