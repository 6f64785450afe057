import { inspect } from "node:util";
import { fromRows, LinalgError } from "@sumo/linalg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gpuBackend } from "../src/backend/backend.ts";
import * as gpuPackage from "../src/index.ts";
import { createGpu, DisposedTensorError, type Gpu, GpuError, GpuShapeError, type GpuTensor } from "../src/index.ts";

/** Kinds of arguments; `self` and `element`, of one element, are objects of methods. */
type Place =
  | "self"
  | "element"
  | "tensor"
  | "row"
  | "column"
  | "number"
  | "size"
  | "options"
  | "matrix"
  | "values"
  | "body"
  | "gpu";

interface Call {
  readonly name: string;
  /** The name in errors. */
  readonly operation: string;
  readonly places: readonly Place[];
  readonly call: (...args: never[]) => unknown;
}

let gpu: Gpu;
let other: Gpu;
beforeAll(async () => {
  [gpu, other] = await Promise.all([createGpu({ mode: "cpu" }), createGpu({ mode: "cpu" })]);
});
afterAll(() => {
  gpu.dispose();
  other.dispose();
});

const square = (on: Gpu = gpu): GpuTensor =>
  on.tensor(
    fromRows([
      [4, 1],
      [1, 3],
    ]),
  );

const made: Record<Place, () => unknown> = {
  self: square,
  element: () => gpu.tensor([7], 1, 1),
  tensor: square,
  row: () => gpu.tensor([1, 2], 1, 2),
  column: () => gpu.tensor([1, 2], 2, 1),
  number: () => 2,
  size: () => 1,
  options: () => ({}),
  matrix: () => fromRows([[1, 2]]),
  values: () => [1, 2, 3, 4],
  body: () => () => 1,
  gpu: () => gpu,
};

const routines: Record<string, readonly Place[]> = {
  add: ["tensor", "tensor"],
  addRow: ["tensor", "row"],
  axpbyInto: ["tensor", "number", "tensor", "number"],
  choleskyQR: ["tensor"],
  columnNorms: ["tensor"],
  columnSums: ["tensor"],
  gpuBackend: ["gpu", "options"],
  gram: ["tensor", "options"],
  matmul: ["tensor", "tensor", "options"],
  matmulInto: ["tensor", "tensor", "tensor", "options"],
  multiply: ["tensor", "tensor"],
  newtonSchulz: ["tensor", "options"],
  newtonSchulzInto: ["tensor", "tensor", "options"],
  norm: ["tensor"],
  polar: ["tensor", "options"],
  polarInto: ["tensor", "tensor", "options"],
  randomizedSvd: ["tensor", "size", "options"],
  rangeFinder: ["tensor", "size", "options"],
  relu: ["tensor"],
  reluBackward: ["tensor", "tensor"],
  rowNorms: ["tensor"],
  rowSums: ["tensor"],
  scale: ["number", "tensor"],
  scaleColumns: ["tensor", "row"],
  scaleColumnsInto: ["tensor", "tensor", "row"],
  scaledAdd: ["number", "tensor", "number", "tensor"],
  scaleRows: ["tensor", "column"],
  scaleRowsInto: ["tensor", "tensor", "column"],
  slice: ["tensor", "options"],
  subtract: ["tensor", "tensor"],
  sum: ["tensor"],
  tanh: ["tensor"],
  tanhBackward: ["tensor", "tensor"],
  transpose: ["tensor"],
  transposeInto: ["tensor", "tensor"],
};

const methods: readonly Call[] = [
  { name: "gpu.tensor", operation: "tensor", places: ["matrix"], call: (source) => gpu.tensor(source) },
  { name: "gpu.tensor of numbers", operation: "tensor", places: ["values"], call: (x) => gpu.tensor(x, 2, 2) },
  { name: "gpu.tensor's size", operation: "tensor", places: ["size", "size"], call: (m, n) => gpu.tensor([7], m, n) },
  { name: "gpu.zeros", operation: "tensor", places: ["size", "size"], call: (m, n) => gpu.zeros(m, n) },
  { name: "gpu.bytesOf", operation: "bytesOf", places: ["size", "size"], call: (m, n) => gpu.bytesOf(m, n) },
  { name: "gpu.scope", operation: "scope", places: ["body"], call: (body) => gpu.scope(body) },
  { name: "gpu.keep", operation: "keep", places: ["tensor"], call: (a: GpuTensor) => gpu.keep(a).dispose() },
  {
    name: "tensor.write",
    operation: "write",
    places: ["self", "values"],
    call: (a: GpuTensor, values: number[]) => a.write(values),
  },
  {
    name: "tensor.reshape",
    operation: "reshape",
    places: ["element", "size", "size"],
    call: (a: GpuTensor, m: number, n: number) => a.reshape(m, n),
  },
];

const exported: Readonly<Record<string, unknown>> = { ...gpuPackage, gpuBackend };

const calls: readonly Call[] = [
  ...Object.entries(routines).map(([name, places]) => ({
    name,
    operation: name.replace(/Into$/, ""),
    places,
    call: exported[name] as Call["call"],
  })),
  ...methods,
];

const KINDS_OF_TENSORS: readonly Place[] = ["tensor", "row", "column"];

/** Values of another kind, for each place. Options may be left out. */
function hostile(place: Place): unknown[] {
  const wrong: unknown[] = [null, true, "2", Symbol("x"), 2n];
  if (place !== "body") wrong.push(() => 0);
  if (place !== "number") wrong.push(Number.NaN);
  if (place !== "options") wrong.push(undefined, {});
  if (place !== "size" && place !== "number") wrong.push(3);
  if (place === "size") wrong.push(-1, 0.5);
  if (place !== "values") wrong.push([1, 2]);
  if (place === "options") wrong.push([], { bogus: 1 }, square());
  if (place === "values") wrong.push([1], [1, 2, 3, null], [1, 2, 3, "4"], new BigInt64Array(4), new Array(4));
  if (place === "gpu") wrong.push(square(), gpuBackend(gpu));
  if (KINDS_OF_TENSORS.includes(place)) {
    const spent = square();
    spent.dispose();
    wrong.push(new Float32Array(2), fromRows([[1, 2]]), { rows: 2, cols: 2 }, { gpu }, gpu, gpuBackend(gpu));
    wrong.push(spent, Promise.resolve(spent));
  }
  if (place === "matrix") {
    const fields = { data: new Float32Array(4), shape: [2, 2], stride: [2, 1], offset: 0 };
    for (const name of Object.keys(fields)) wrong.push({ ...fields, [name]: undefined }, { ...fields, [name]: "x" });
    wrong.push({ ...fields, shape: [4] }, { ...fields, shape: ["2", 2] }, { ...fields, stride: [2] });
    wrong.push({ ...fields, data: ["1", "2", "3", "4"] }, { ...fields, offset: 1 });
  }
  return wrong;
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The elements of the tensors in `args`. */
const contentsOf = (args: readonly unknown[]): Float32Array[] =>
  args.filter((arg) => arg instanceof square().constructor).map((arg) => (arg as GpuTensor).read());

describe.each(calls)("$name", ({ operation, call, places }) => {
  const run = call as (...args: unknown[]) => unknown;
  const given = (): unknown[] => places.map((place) => made[place]());
  const checked = places
    .map((place, at) => ({ place, at }))
    .filter(({ place }) => place !== "self" && place !== "element");

  test("takes its arguments", () => {
    gpu.scope(() => expect(() => run(...given())).not.toThrow());
  });

  test.each(checked)("refuses what is no $place in place $at, and changes nothing", ({ place, at }) => {
    const foreign =
      places.filter((kind) => KINDS_OF_TENSORS.includes(kind)).length > 1 && KINDS_OF_TENSORS.includes(place);
    for (const value of [...hostile(place), ...(foreign ? [square(other)] : [])]) {
      gpu.scope(() => {
        const args = given();
        const others = args.toSpliced(at, 1);
        const before = contentsOf(others);
        const { tensors } = gpu.memory;
        const error = thrownBy(() => run(...args.toSpliced(at, 1, value))) as Error;
        const text = inspect(value, { depth: 0 });
        // Linear algebra checks the options that it defines.
        expect(error instanceof GpuError || (place === "options" && error instanceof LinalgError), text).toBe(true);
        expect(error, text).toMatchObject({ code: expect.stringMatching(/^(GPU|LINALG)_/) });
        expect(error.message, text).toMatch(new RegExp(`^${operation}: `));
        expect(gpu.memory.tensors, text).toBe(tensors);
        expect(contentsOf(others)).toEqual(before);
      });
    }
  });
});

test("every function that is exported is in the table above", () => {
  const elsewhere = ["availableModes", "createGpu"];
  const functions = Object.keys(exported).filter((name) => /^[a-z]/.test(name) && !elsewhere.includes(name));
  expect(functions.filter((name) => !(name in routines))).toEqual([]);
});

test("every method that takes an argument is in the table above", () => {
  const taking = [gpu, square()].flatMap((of) => {
    const prototype = Object.getPrototypeOf(of) as object;
    return Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([name, { value }]) => name !== "constructor" && typeof value === "function" && value.length > 0)
      .map(([name]) => name);
  });
  const internal = [
    ...["announcedNorms", "check", "copy", "empty", "find", "holds", "into", "norms"],
    ...["read", "readAsync", "release", "run", "runPacked"],
  ];
  const named = methods.map(({ name }) => name);
  const missing = taking.filter((name) => !named.includes(`gpu.${name}`) && !named.includes(`tensor.${name}`));
  expect(missing.sort()).toEqual(internal);
});

test.each([
  null,
  3,
  "cpu",
  [],
  { mode: "gpu" },
  { mode: null },
  { mode: Symbol("x") },
  { idleBytes: Number.NaN },
  { idleBytes: "1" },
  { idle: 1 },
])("createGpu refuses %o", async (options) => {
  await expect(createGpu(options as never)).rejects.toBeInstanceOf(GpuError);
});

test("options out of range", () => {
  gpu.scope(() => {
    const a = square();
    const calls: [(options: never) => unknown, readonly object[]][] = [
      [(options) => gpuPackage.slice(a, options), [{ rows: 1 }, { rows: [0] }, { rows: [0, "1"] }, { cols: [1, 2] }]],
      [(options) => gpuPackage.matmul(a, a, options), [{ beta: 1 }, { alpha: "1" }, { transposeA: 1 }]],
      [
        (options) => gpuPackage.rangeFinder(a, 1, options),
        [{ start: null }, { start: [1] }, { start: a }, { key: 3 }, { key: [1] }, { key: [0, 0, 2 ** 32] }],
      ],
      [(options) => gpuPackage.randomizedSvd(a, 1, options), [{ oversampling: 0.5 }, { powerIterations: -1 }]],
      [(options) => gpuBackend(gpu, options), [{ polar: "host" }, { polar: null }]],
    ];
    for (const [call, wrong] of calls) {
      for (const options of wrong)
        expect(
          thrownBy(() => call(options as never)),
          inspect(options),
        ).toBeInstanceOf(GpuError);
    }
  });
});

test("an unknown option is named, with the nearest known one", () => {
  gpu.scope(() => {
    const a = square();
    expect(() => gpuPackage.matmul(a, a, { transpose: true } as never)).toThrow('(did you mean "transposeA"?)');
    expect(() => gpuPackage.randomizedSvd(a, 1, { oversamplin: 3 } as never)).toThrow('(did you mean "oversampling"?)');
  });
});

test("the message says which fault a tensor has", () => {
  gpu.scope(() => {
    const [a, spent] = [square(), square()];
    spent.dispose();
    const calls = [gpuPackage.add, gpuPackage.matmul, gpuPackage.scaleRows, gpuPackage.transposeInto];
    for (const call of calls) {
      expect(() => call(a, spent)).toThrow(DisposedTensorError);
      expect(() => call(a, square(other))).toThrow(GpuShapeError);
      expect(() => call(a, square(other))).toThrow("tensors of two Gpus");
      expect(() => call(a, fromRows([[1]]) as never)).toThrow("expected a tensor, got an object");
    }
    expect(() => spent.clone()).toThrow(DisposedTensorError);
    expect(() => spent.reshape(4, 1)).toThrow(DisposedTensorError);
    expect(() => spent.read()).toThrow(DisposedTensorError);
  });
});
