import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import * as linalg from "../src/index.ts";
import { fromRows, LinalgError, OptionError, ShapeError } from "../src/index.ts";

/** Arguments of a call that is taken. An array's name says what its place takes. */
type Place =
  | "matrix"
  | "either"
  | "matrices"
  | "out"
  | "outs"
  | "parts"
  | "work"
  | "vector"
  | "size"
  | "number"
  | "options"
  | "engine"
  | "key"
  | "operator"
  | "rows";

interface Call {
  readonly name: string;
  /** The name in errors, that of the routine without `Into`. */
  readonly operation: string;
  readonly call: (...args: unknown[]) => unknown;
  readonly args: () => unknown[];
  readonly places: readonly Place[];
}

const a = () =>
  fromRows([
    [4, 1],
    [1, 3],
  ]);
const work = () => new linalg.Workspace(linalg.currentEngine(), 1 << 20);
const values = () => new Float64Array(2);

const made: Record<Place, () => unknown> = {
  matrix: a,
  out: a,
  outs: () => ({
    u: a(),
    s: values(),
    vt: a(),
    q: a(),
    r: a(),
    x: a(),
    values: values(),
    vectors: a(),
    h: a(),
    t: a(),
    z: a(),
  }),
  parts: () => ({ re: values(), im: values(), vectors: { re: a(), im: a() } }),
  work,
  vector: values,
  size: () => 1,
  options: () => ({}),
  engine: () => linalg.currentEngine(),
  key: () => [0, 0, 0],
  rows: () => [[1, 2]],
  matrices: () => [a(), a()],
  operator: () => ({ rows: 2, cols: 2, apply: () => {}, applyTransposed: () => {} }),
  either: values,
  number: () => 2,
};

const routines: Record<string, readonly Place[]> = {
  add: ["matrix", "matrix"],
  cholesky: ["matrix", "options"],
  choleskyFactor: ["matrix", "options"],
  choleskyInto: ["out", "matrix", "work", "options"],
  columnNorms: ["matrix"],
  cond: ["matrix"],
  det: ["matrix"],
  diag: ["vector", "options"],
  eig: ["matrix"],
  eigInto: ["parts", "matrix", "work"],
  eigvals: ["matrix"],
  eighGeneralized: ["matrix", "matrix", "options"],
  eigh: ["matrix", "options"],
  eighInto: ["outs", "matrix", "work", "options"],
  eigvalsh: ["matrix", "options"],
  eigsh: ["operator", "size", "options"],
  eye: ["size"],
  expm: ["matrix"],
  expmInto: ["out", "matrix", "work"],
  fillNormal: ["vector", "key"],
  fillUniform: ["vector", "key"],
  fromRows: ["rows"],
  gram: ["matrix", "options"],
  gramInto: ["out", "matrix", "options"],
  hstack: ["matrices"],
  hessenberg: ["matrix"],
  hessenbergInto: ["outs", "matrix", "work"],
  identity: ["size"],
  inv: ["matrix"],
  invInto: ["out", "matrix", "work"],
  kron: ["matrix", "matrix"],
  logm: ["matrix"],
  logmInto: ["out", "matrix", "work"],
  lstsq: ["matrix", "either", "options"],
  lstsqInto: ["outs", "matrix", "matrix", "work", "options"],
  ldl: ["matrix", "options"],
  lu: ["matrix"],
  luFactor: ["matrix"],
  matmul: ["matrix", "either", "options"],
  matmulInto: ["out", "matrix", "matrix", "options"],
  matrixPower: ["matrix", "size"],
  matrixRank: ["matrix", "options"],
  multiDot: ["matrices"],
  multiply: ["matrix", "matrix"],
  newtonSchulz: ["matrix", "options"],
  newtonSchulzInto: ["out", "matrix", "work", "options"],
  norm: ["either"],
  nullspace: ["matrix", "options"],
  nullspaceInto: ["out", "matrix", "work", "options"],
  ones: ["size", "size"],
  orth: ["matrix", "options"],
  orthInto: ["out", "matrix", "work", "options"],
  outer: ["vector", "vector"],
  pinv: ["matrix", "options"],
  pinvInto: ["out", "matrix", "work", "options"],
  polar: ["matrix", "options"],
  polarExpressCoefficients: ["options"],
  polarInto: ["outs", "matrix", "work", "options"],
  qr: ["matrix", "options"],
  qrFactor: ["matrix"],
  qrInto: ["outs", "matrix", "work", "options"],
  randomizedSvd: ["matrix", "size", "options"],
  rangeFinder: ["matrix", "size", "options"],
  rangeFinderInto: ["outs", "matrix", "work", "options"],
  schur: ["matrix"],
  schurInto: ["outs", "matrix", "work"],
  rowNorms: ["matrix"],
  scale: ["matrix", "number"],
  slogdet: ["matrix"],
  solve: ["matrix", "either"],
  solveInto: ["out", "matrix", "matrix", "work"],
  solveTriangular: ["matrix", "matrix", "options"],
  solveTriangularInto: ["out", "matrix", "matrix", "work", "options"],
  subspaceAngles: ["matrix", "matrix"],
  subtract: ["matrix", "matrix"],
  sqrtm: ["matrix"],
  sqrtmInto: ["out", "matrix", "work"],
  svd: ["matrix", "options"],
  svdFactor: ["matrix", "options"],
  svdInto: ["outs", "matrix", "work", "options"],
  svds: ["operator", "size", "options"],
  svdvals: ["matrix"],
  toRows: ["matrix"],
  trace: ["matrix", "options"],
  transpose: ["matrix"],
  tril: ["matrix", "options"],
  triu: ["matrix", "options"],
  useEngine: ["engine"],
  vstack: ["matrices"],
  zeros: ["size", "size"],
};

const exported: Readonly<Record<string, unknown>> = { ...linalg };

const calls: Call[] = Object.entries(routines).map(([name, places]) => ({
  name,
  operation: name.replace(/Into$/, ""),
  call: exported[name] as Call["call"],
  args: () => places.map((place) => made[place]()),
  places,
}));

/** Values of another kind, for each place. Options may be left out. */
const hostile = (place: Place): unknown[] => {
  const wrong: unknown[] = [null, true, "2", Symbol("x"), () => 0, 2n];
  if (place !== "number") wrong.push(Number.NaN);
  if (place !== "options") wrong.push(undefined);
  if (place !== "rows" && place !== "key") wrong.push([1, 2]);
  if (place !== "size" && place !== "number") wrong.push(3);
  if (place !== "options") wrong.push({});
  if (place === "rows") wrong.push([null], [[null]], [["1"]], [[1n]], [[1], [1, 2]], [new Array(2)], [[[1]]]);
  if (place === "matrix" || place === "out")
    wrong.push([[1, 2]], values(), { data: values(), shape: [1, 2] }, Promise.resolve(a()));
  if (place === "key") wrong.push([1], [1, 2, -1], [1, 2, 2 ** 32], [0.5, 0, 0]);
  if (place === "options") wrong.push([], { bogus: 1 }, a());
  if (place === "matrices") wrong.push([], [null], [a(), undefined], a());
  if (place === "vector" || place === "either") wrong.push(new Int32Array(2));
  if (place === "either") wrong.push([[1, 2]], { data: values(), shape: [2] });
  return wrong;
};

/** The numbers in arguments, and in the fields of those that hold several. */
const contentsOf = (args: unknown[]): number[][] =>
  args.flatMap((arg) => {
    if (arg instanceof linalg.Workspace || arg === linalg.currentEngine()) return [];
    const parts = typeof arg === "object" && arg !== null && !("data" in arg) ? Object.values(arg) : [arg];
    return parts.map((part) => Array.from((part?.data ?? part) as ArrayLike<number>));
  });

/** What `run` throws. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(calls)("$name", ({ operation, call, args, places }) => {
  test("takes its arguments", () => {
    expect(() => call(...args())).not.toThrow();
  });

  test.each(places.map((place, at) => ({ place, at })))(
    "refuses what is no $place in place $at, by name",
    ({ place, at }) => {
      for (const value of hostile(place)) {
        const given = args();
        const before = contentsOf(given.toSpliced(at, 1));
        given[at] = value;
        const error = thrownBy(() => call(...given));
        expect(error, `of ${inspect(value)}`).toBeInstanceOf(LinalgError);
        expect(error, `of ${inspect(value)}`).toMatchObject({ operation, code: expect.stringMatching(/^LINALG_/) });
        expect((error as Error).message.startsWith(`${operation}: `)).toBe(true);
        expect(contentsOf(given.toSpliced(at, 1))).toEqual(before);
      }
    },
  );
});

test("an unknown option is named, with the nearest known one", () => {
  const options: [string, object, string][] = [
    ["pinv", { tol: 1e-3 }, "tolerance"],
    ["svd", { fullMatrices: true }, "full"],
    ["qr", { pivoting: true }, "pivot"],
    ["solveTriangular", { transposed: true }, "transpose"],
    ["newtonSchulz", { step: 3 }, "steps"],
  ];
  for (const [name, given, near] of options) {
    const { call, args } = calls.find((candidate) => candidate.name === name)!;
    const at = routines[name]!.indexOf("options");
    const taken = args();
    taken[at] = given;
    expect(() => call(...taken)).toThrow(OptionError);
    expect(() => call(...taken)).toThrow(`unknown option "${Object.keys(given)[0]}" (did you mean "${near}"?)`);
  }
});

test("every routine that is exported is in the table above", () => {
  const functions = Object.entries(exported)
    .filter(([name, value]) => typeof value === "function" && !/^[A-Z]|Workspace$|Engine$|^create/.test(name))
    .map(([name]) => name);
  const elsewhere = [
    "allOf",
    "anyOf",
    "describe",
    "optionFault",
    "sizeOfFloat32",
    "sizeOfFloat64",
    "instantiateKernels",
    "instantiateModule",
    "newtonSchulzSchedule",
    "matrix",
    "randomizedSvdInto",
  ];
  expect(functions.filter((name) => !(name in routines) && !elsewhere.includes(name))).toEqual([]);
});

test("outputs that share memory are refused", () => {
  const both = a();
  expect(() => linalg.svdInto({ u: both, s: values(), vt: both }, a(), work())).toThrow(ShapeError);
  expect(() => linalg.qrInto({ q: both, r: both }, a(), work())).toThrow(ShapeError);
});

test("a workspace that was disposed of is refused, and may be disposed of twice", () => {
  const spent = work();
  spent.dispose();
  spent.dispose();
  expect(() => linalg.solveInto(a(), a(), a(), spent)).toThrow(LinalgError);
  for (const size of [-5, Number.NaN, "64", null]) {
    expect(() => new linalg.Workspace(linalg.currentEngine(), size as number)).toThrow(LinalgError);
  }
});

test("a matrix of nested arrays is pointed to fromRows", () => {
  expect(() =>
    linalg.svd([
      [2, 1],
      [1, 3],
    ] as unknown as linalg.MatrixLike),
  ).toThrow("svd: expected a matrix, got a plain array; fromRows makes a matrix of nested arrays");
});

test("a result that is too large to allocate is refused in the routine's name", () => {
  const huge = () => linalg.zeros(2 ** 20, 2 ** 20);
  expect(huge).toThrow(ShapeError);
  expect(() => linalg.svd(linalg.zeros(1e5, 3), { full: true })).toThrow(LinalgError);
  expect(() => linalg.qr(linalg.zeros(2e4, 3), { mode: "complete" })).toThrow(
    expect.objectContaining({
      operation: "qr",
      message: expect.stringContaining("useEngine(createWasmEngine({ bytes"),
    }),
  );
});
