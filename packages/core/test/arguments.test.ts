import { inspect } from "node:util";
import { fromRows, transpose } from "@sumo/linalg";
import { describe, expect, test } from "vitest";
import * as core from "../src/index.ts";
import {
  CheckpointError,
  clipGlobalNorm,
  constant,
  cosine,
  createEma,
  createOptimizer,
  extractAdapter,
  GradientShapeError,
  GradientTypeError,
  type Group,
  geometryOf,
  type LinalgSource,
  linalgBackend,
  mergeAdapter,
  NonFiniteGradientError,
  OptimizerError,
  OptimizerOptionError,
  ParameterError,
  peftFiles,
  plan,
  readSafetensors,
  SafetensorsError,
  schedule,
  updateScale,
  writeSafetensors,
} from "../src/index.ts";

const options = { optimizer: "sumo", lr: 0.1, rank: 2 } as const;
const parameter = (data: LinalgSource = new Float32Array(6)) => ({ name: "w", shape: [2, 3], data });
const create = (own: Group | readonly Group[] = options) => createOptimizer([parameter()], own);
const rows = [
  [1, 2, 3],
  [4, 5, 7],
];
/** Everything that a program in plain JavaScript may pass by mistake. */
const MISTAKES: readonly unknown[] = [undefined, null, 0, Number.NaN, "text", true, Symbol("s"), () => 1];

describe("gradients of any storage give the step of a Float32Array", () => {
  const stepOf = (gradient: LinalgSource, of: "step" | "map" | "stepParameter"): Float32Array => {
    const data = new Float32Array(6);
    const optimizer = createOptimizer([parameter(data)], options);
    if (of === "stepParameter") optimizer.stepParameter("w", gradient);
    else optimizer.step(of === "map" ? new Map([["w", gradient]]) : { w: gradient });
    return data;
  };
  const want = stepOf(Float32Array.from(rows.flat()), "stepParameter");
  test.each<[string, LinalgSource]>([
    ["a list", rows.flat()],
    ["nested lists", rows],
    ["a Float64Array", Float64Array.from(rows.flat())],
    ["an Int32Array", Int32Array.from(rows.flat())],
    ["rows as typed arrays", rows.map((row) => Float32Array.from(row))],
    ["a matrix", fromRows(rows)],
    ["a transposed view", transpose(fromRows([0, 1, 2].map((j) => [rows[0]![j]!, rows[1]![j]!])))],
    ["something of a length", Object.assign({ length: 6 }, rows.flat())],
  ])("%s", (_, gradient) => {
    expect(want.some((x) => x !== 0)).toBe(true);
    for (const of of ["step", "map", "stepParameter"] as const) expect(stepOf(gradient, of)).toEqual(want);
  });

  test("views of any number of axes, as kernels of convolutions are", () => {
    const stepWith = (gradient: LinalgSource): Float32Array => {
      const data = new Float32Array(12);
      createOptimizer([{ name: "k", shape: [2, 3, 2], data }], options).stepParameter("k", gradient);
      return data;
    };
    const flat = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
    const last = { shape: [2, 3, 2], stride: [1, 2, 6], offset: 0, data: new Float32Array(12) };
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 3; j++) for (let k = 0; k < 2; k++) last.data[i + 2 * j + 6 * k] = flat[6 * i + 2 * j + k]!;
    }
    expect(stepWith(last)).toEqual(stepWith(flat));
  });
});

describe("what is wrong is refused with a typed error, and changes nothing", () => {
  const errorOf = (call: () => unknown): unknown => {
    try {
      call();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const refused = (call: () => unknown): unknown => {
    try {
      call();
    } catch (error) {
      return error;
    }
    throw new Error("it was accepted");
  };

  test.each(MISTAKES)("%s in every place", (mistake) => {
    const wrong = mistake as never;
    const data = new Float32Array(6);
    const optimizer = createOptimizer([parameter(data)], options);
    const tensor = { shape: [2, 3], data: Float32Array.from(rows.flat()) };
    const adapter = extractAdapter({ shape: [2, 3], data }, tensor, { rank: 1 });
    const calls: (() => unknown)[] = [
      () => createOptimizer(wrong, options),
      () => createOptimizer([wrong], options),
      () =>
        createOptimizer(
          [parameter(wrong)].map((each) => ({ ...each, data: wrong })),
          options,
        ),
      () => createOptimizer([{ ...parameter(), shape: wrong }], options),
      () => createOptimizer([parameter()], wrong),
      () => createOptimizer([parameter()], [wrong]),
      () => create({ optimizer: wrong, lr: 0.1 }),
      () => plan(wrong, options),
      () => plan([], wrong),
      () => optimizer.stepParameter(wrong, rows),
      () => optimizer.stepParameter("w", wrong),
      () => optimizer.step(wrong),
      () => optimizer.step({ w: wrong }),
      () => optimizer.load(wrong),
      () => optimizer.on(wrong, () => {}),
      () => createEma(wrong, 0.9),
      () => createEma([{ ...parameter(), data: wrong }], 0.9),
      () => createEma([{ ...parameter(), data }], mistake === 0 ? (-1 as never) : wrong),
      () => clipGlobalNorm(wrong, 1),
      () => clipGlobalNorm({ w: wrong }, 1),
      () => clipGlobalNorm({ w: data }, wrong),
      () => extractAdapter(wrong, tensor, { rank: 1 }),
      () => extractAdapter(tensor, wrong, { rank: 1 }),
      () => extractAdapter(tensor, tensor, wrong),
      () => mergeAdapter(wrong, adapter),
      () => mergeAdapter(tensor, wrong),
      () => peftFiles(wrong, { baseModel: "base" }),
      () => peftFiles({ "w.weight": wrong }, { baseModel: "base" }),
      () => peftFiles({ "w.weight": adapter }, wrong),
      () => schedule(wrong),
      () => cosine(wrong),
      () => readSafetensors(wrong),
      ...(mistake === 0 ? [] : [() => constant(wrong)]),
      ...(mistake === undefined ? [] : [() => createOptimizer([parameter()], options, wrong)]),
      ...(mistake === undefined ? [] : [() => plan([], options, wrong), () => plan([], options, { ranks: wrong })]),
      ...(mistake === undefined || mistake === true ? [] : [() => plan([{ ...parameter(), sparse: wrong }], options)]),
      ...(typeof mistake === "function" ? [] : [() => optimizer.on("step", wrong)]),
      ...(typeof mistake === "function" || mistake === 0 ? [] : [() => create({ optimizer: "sumo", lr: wrong })]),
    ];
    for (const call of calls) expect(refused(call), call.toString()).toBeInstanceOf(OptimizerError);
    expect(data).toEqual(new Float32Array(6));
    expect(optimizer.report().counters.steps).toBe(0);
  });

  const adapter = { a: new Float32Array(3), b: new Float32Array(2), rank: 1, shape: [2, 3], energyKept: 1 } as const;
  const tensor = { shape: [2, 3], data: new Float32Array(6) };
  const decay = { peak: 1, total: 3 };
  const files = peftFiles({ "w.weight": adapter }, { baseModel: "base" });
  const access = { shape: () => [1, 1] as const, read: () => new Float32Array(1), write: () => {} };
  const settings = { scale: "paper", alpha: 1 } as const;
  const sided = { side: "short", rank: 1 } as const;
  const layoutOf = () => "out-in" as const;

  /** Good arguments of every function. */
  const functions: Record<string, readonly unknown[]> = {
    assignGroups: [[parameter()], options],
    checkOptionNames: ["sumo's", { lr: 1 }, ["lr"]],
    clipGlobalNorm: [{ w: new Float32Array(1) }, 1],
    constant: [1],
    cosine: [decay],
    createEma: [[parameter()], 0.9],
    createOptimizer: [[parameter()], options],
    extractAdapter: [tensor, tensor, { rank: 1 }],
    geometryOf: [2, 3, sided],
    linear: [decay],
    linalgBackend: [],
    mergeAdapter: [tensor, adapter],
    peftAdapter: [files],
    peftFiles: [{ "w.weight": adapter }, { baseModel: "base" }],
    plan: [[parameter()], options],
    planTable: [plan([parameter()], options)],
    readBack: [access],
    readSafetensors: [writeSafetensors({ w: tensor })],
    rolesOf: [[parameter()], "auto", layoutOf],
    safetensorsPieces: [{ w: tensor }],
    schedule: [{ kind: "constant", value: 1 }],
    updateScale: [settings, 2, 3, 1, "out-in"],
    writeSafetensors: [{ w: tensor }],
    wsd: [{ ...decay, decay: 1 }],
  };
  const exported = core as unknown as Record<string, (...args: unknown[]) => unknown>;

  test("every function that is exported is in the table above", () => {
    const names = Object.keys(exported).filter((name) => /^[a-z]/.test(name) && typeof exported[name] === "function");
    expect(names.filter((name) => name !== "describe" && !(name in functions))).toEqual([]);
  });

  test.each(Object.entries(functions))("%s takes its arguments, and no others", (name, good) => {
    const call = exported[name]!;
    expect(() => call(...good)).not.toThrow();
    // Text that names whose options they are may be anything.
    const isFree = (at: number): boolean => name === "checkOptionNames" && at === 0;
    for (const [at, taken] of good.entries()) {
      const wrong = [...MISTAKES, {}, [{}], [null]].filter(
        (value) => typeof value !== typeof taken || typeof value === "object",
      );
      for (const value of isFree(at) ? [] : [...wrong, Number.NaN]) {
        // Some are good: an empty list, a function of the step, an object without entries.
        const error = errorOf(() => call(...good.with(at, value)));
        const fine = error === undefined || error instanceof OptimizerError;
        expect(fine, `${name} with ${inspect(value)} in place ${at}: ${String(error)}`).toBe(true);
      }
      for (const value of [null, Number.NaN]) {
        if (isFree(at)) continue;
        expect(
          errorOf(() => call(...good.with(at, value))),
          `${name} ${at}`,
        ).toBeInstanceOf(OptimizerError);
      }
    }
  });

  test.each<[string, () => unknown]>([
    ["an engine", () => linalgBackend({ name: "wasm" } as never)],
    ["a tensor", () => writeSafetensors({ w: null } as never)],
    ["data", () => writeSafetensors({ w: { shape: [1], data: [1] } } as never)],
    ["a dtype", () => writeSafetensors({ w: { ...tensor, dtype: "F8" } } as never)],
    ["metadata", () => writeSafetensors({}, { n: 1 } as never)],
    ["a step", () => cosine(decay)("1" as never)],
    ["a scale", () => updateScale({ scale: "root", alpha: 1 } as never, 1, 1, 1, "out-in")],
    ["a factor", () => updateScale({ scale: "paper", alpha: Number.NaN }, 1, 1, 1, "out-in")],
    ["a side", () => geometryOf(1, 1, { side: "top", rank: 1 } as never)],
  ])("%s of another kind", (_, call) => {
    expect(call).toThrow(OptimizerError);
  });

  test.each<[string, unknown, abstract new (...args: never[]) => Error, RegExp]>([
    ["too few", [1, 2], GradientShapeError, /"w": expected shape \[2, 3\], got \[2\]/],
    ["ragged", [[1, 2, 3], [4]], GradientTypeError, /"w": expected numbers of shape \[2, 3\], got \[\[1,2,3\],\[4\]\]/],
    ["text", ["1", "2", "3", "4", "5", "6"], GradientTypeError, /"w"/],
    [
      "a transposed shape",
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      GradientShapeError,
      /got \[3, 2\]/,
    ],
    ["large whole numbers", new BigInt64Array(6), GradientTypeError, /a BigInt64Array/],
    ["an object", { a: 1 }, GradientTypeError, /\{"a":1\}/],
    ["a hole", [1, 2, 3, 4, 5, Number.NaN], NonFiniteGradientError, /"w"/],
  ])("a gradient that is %s", (_, gradient, type, message) => {
    const error = refused(() => create().step({ w: gradient as LinalgSource })) as Error;
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(message);
  });

  test("a list where names are needed, and a name that nobody has", () => {
    expect(() => create().step([rows] as never)).toThrow(GradientTypeError);
    expect(() => create().step(new Float32Array(6) as never)).toThrow(/object or a Map/);
    expect(() => create().step(new Map([["v", rows]]))).toThrow(/"v": expected one of this optimizer's \(w\)/);
  });

  test.each<[string, LinalgSource, RegExp]>([
    ["float64", new Float64Array(6), /"w".*update in place, got a Float64Array of shape \[6\]/],
    ["a list", [1, 2, 3, 4, 5, 6], /"w".*got \[1,2,3,4,5,6\] of shape \[6\]/],
    [
      "a view that is not row-major",
      transpose(
        fromRows(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          "float32",
        ),
      ),
      /"w".*\[2, 3\]/,
    ],
  ])("weights in %s, which cannot be updated in place", (_, data, message) => {
    expect(() => createOptimizer([parameter(data)], options)).toThrow(ParameterError);
    expect(() => createOptimizer([parameter(data)], options)).toThrow(message);
  });

  test.each([
    ["learningRate", "lr"],
    ["learning_rate", "lr"],
    ["weight_decay", "weightDecay"],
    ["Rank", "rank"],
    ["momentun", "momentum"],
    ["decay", "weightDecay"],
  ])("the option %s, with %s in its place", (wrong, meant) => {
    const error = refused(() => create({ ...options, [wrong]: 0.1 } as never)) as OptimizerOptionError;
    expect(error).toBeInstanceOf(OptimizerOptionError);
    expect(error.option).toBe(wrong);
    expect(error.message).toContain(`did you mean ${meant}?`);
  });

  test("options of the third argument, with the nearest", () => {
    expect(() => createOptimizer([parameter()], options, { microbatch: 2 } as never)).toThrow(
      /did you mean microBatches/,
    );
    expect(() => createOptimizer([parameter()], options, { zzz: 2 } as never)).toThrow(/which this is not$/);
  });

  test("a name that objects cannot have", () => {
    const own = { ...parameter(), name: "__proto__" };
    expect(() => createOptimizer([own], options)).toThrow(ParameterError);
  });

  test("bytes that are no checkpoint", () => {
    expect(() => create().load(new ArrayBuffer(8) as never)).toThrow(SafetensorsError);
    const other = createOptimizer([{ ...parameter(), name: "v" }], options).save();
    expect(() => create().load(other)).toThrow(CheckpointError);
  });
});

describe("a schedule", () => {
  test("may be any function of the step", () => {
    const rates: number[] = [];
    const optimizer = create({ ...options, lr: (step) => 0.1 / (1 + step) });
    optimizer.on("step", ({ lr }) => rates.push(lr));
    for (let t = 0; t < 3; t++) optimizer.step({ w: rows });
    expect(rates).toEqual([0.1, 0.05, 0.1 / 3]);
    expect(() => create({ ...options, lr: (step) => step }).load(optimizer.save())).not.toThrow();
  });

  test.each([Number.NaN, -1, Infinity, "0.1", undefined])("that gives %s changes nothing", (rate) => {
    const [first, second] = [new Float32Array(6), new Float32Array(6)];
    const optimizer = createOptimizer(
      [parameter(first), { ...parameter(second), name: "v" }],
      [
        { ...options, match: "w" },
        { ...options, lr: (() => rate) as () => number },
      ],
    );
    expect(() => optimizer.step({ w: rows, v: rows })).toThrow(/at step 0 of v/);
    expect([...first, ...second]).toEqual(Array(12).fill(0));
  });

  test("has options of its own", () => {
    expect(() => cosine({ peak: 1, totl: 3 } as never)).toThrow(/did you mean total/);
    expect(() => schedule({ kind: "sine" } as never)).toThrow(/constant, cosine, linear, wsd/);
  });

  test("is at its start before its first step", () => {
    expect(cosine({ peak: 0.1, total: 10 })(-1)).toBe(0.1);
  });
});
