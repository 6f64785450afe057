import ndarray from "ndarray";
import { describe, expect, test } from "vitest";
import * as linalg from "../src/index.ts";
import {
  ArgumentError,
  fillNormal,
  fromRows,
  type MatrixLike,
  type Real,
  ShapeError,
  SingularError,
} from "../src/index.ts";
import * as stacks from "../src/stacks.ts";
import { Stack, stack } from "../src/stacks.ts";

type Call = (...args: unknown[]) => unknown;

/** Arguments after the operands, and operands that the routine takes; the others take any square matrix. */
const REST: Readonly<Record<string, readonly unknown[]>> = {
  matrixPower: [3],
  norm: ["nuc"],
  cond: [1],
  svd: [{ full: true }],
  tril: [{ offset: -1 }],
  solveTriangular: [{ lower: false }],
};
const TWO = new Set(["matmul", "solve", "solveTriangular", "lstsq", "eighGeneralized", "subspaceAngles"]);
const NOT_ROUTINES = new Set(["Stack", "stack"]);
const ROUTINES = Object.keys(stacks).filter((name) => !NOT_ROUTINES.has(name));

/** Positive definite matrices of normal numbers: every routine takes them. */
function definite(shape: readonly number[], n: number, storage: new (length: number) => Real, key = 0): Stack {
  const count = shape.reduce((product, length) => product * length, 1);
  const factors = new Float64Array(count * n * n);
  fillNormal(factors, [n, key, 1]);
  const data = new storage(count * n * n);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = i === j ? n : 0;
        for (let p = 0; p < n; p++) sum += factors[(k * n + i) * n + p]! * factors[(k * n + j) * n + p]!;
        data[(k * n + i) * n + j] = sum;
      }
    }
  }
  return new Stack(data, [...shape, n, n]);
}

/** Compares a part of stacked results with one of a single call. */
function expectSame(stacked: unknown, index: number[], single: unknown, digits: number | undefined): void {
  if (!(stacked instanceof Stack)) {
    const names = Object.keys(single as object);
    expect(Object.keys(stacked as object)).toEqual(names);
    for (const name of names) {
      expectSame((stacked as Record<string, unknown>)[name], index, (single as Record<string, unknown>)[name], digits);
    }
    return;
  }
  const flat = (value: unknown): number[] => {
    if (typeof value === "number") return [value];
    return ArrayBuffer.isView(value) ? Array.from(value as Real) : linalg.toRows(value as MatrixLike).flat();
  };
  const entry = stacked.shape.slice(index.length);
  const got = (entry.length === 2 ? stacked.at(...index).toRows() : [nestedAt(stacked.toNested(), index)]).flat(2);
  const want = flat(single);
  const scale = Math.max(...want.map(Math.abs), Number.MIN_VALUE);
  expect(got.length).toBe(want.length);
  got.forEach((value, i) => {
    if (digits === undefined) expect(value).toBe(want[i]!);
    else expect(Math.abs((value as number) - want[i]!) / scale).toBeLessThan(digits);
  });
}

const nestedAt = (nested: unknown, index: readonly number[]): unknown =>
  index.reduce((value, i) => (value as unknown[])[i], nested);

const indices = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (all, length) => all.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])),
    [[]],
  );

describe.each([
  ["float64", Float64Array, 1e-13],
  ["float32", Float32Array, 1e-5],
] as const)("over stacks of %s", (_, storage, digits) => {
  // Small systems and products are computed otherwise, to the same accuracy.
  const tolerance = (name: string) =>
    ["matmul", "solve", "inv", "det", "cholesky"].includes(name) ? digits : undefined;

  test.each(ROUTINES)("%s is that of every matrix, strides and broadcasting included", (name) => {
    for (const n of [3, 9]) {
      const [a, b] = [definite([2, 3], n, storage), definite([3], n, storage, 7)];
      const operands = TWO.has(name) ? [a.mT, b] : [a.mT];
      const rest = REST[name] ?? [];
      const result = (stacks as unknown as Record<string, Call>)[name]!(...operands, ...rest);
      for (const index of indices([2, 3])) {
        const single = operands.map((x) => x.at(...index.slice(4 - x.shape.length)));
        const want = (linalg as unknown as Record<string, Call>)[name]!(...single, ...rest);
        expectSame(result, index, want, tolerance(name));
      }
    }
  });

  test.each(ROUTINES)(
    "%s of no matrix has the sizes of its results, and of one the leading axes that there are",
    (name) => {
      const call = (stacks as unknown as Record<string, Call>)[name]!;
      const sizes = (result: unknown): unknown =>
        result instanceof Stack
          ? result.shape
          : Object.fromEntries(Object.entries(result as object).map(([k, x]) => [k, sizes(x)]));
      const of = (shape: number[]) => {
        const a = definite(shape, 3, storage);
        return sizes(call(...(TWO.has(name) ? [a, a] : [a]), ...(REST[name] ?? [])));
      };
      const text = JSON.stringify(of([2, 5]));
      expect(JSON.stringify(of([2, 0]))).toBe(text.replaceAll("[2,5", "[2,0"));
      expect(JSON.stringify(of([]))).toBe(text.replaceAll("[2,5,", "[").replaceAll("[2,5]", "[]"));
    },
  );
});

test("every routine of matrices whose results have the same sizes for all of them takes stacks", () => {
  // Sizes that depend on a rank, results that are no arrays, operators, keys of random numbers; and elementwise work, which has no matrices.
  const others = new Set(
    [
      "add",
      "subtract",
      "multiply",
      "scale",
      "columnNorms",
      "rowNorms",
      "diag",
      "eye",
      "fillNormal",
      "fillUniform",
      "fromRows",
    ].concat(
      [
        "hstack",
        "vstack",
        "identity",
        "kron",
        "outer",
        "matrix",
        "multiDot",
        "ones",
        "toRows",
        "transpose",
        "zeros",
        "nullspace",
      ],
      ["orth", "randomizedSvd", "rangeFinder", "eigsh", "svds", "choleskyFactor", "luFactor", "qrFactor", "svdFactor"],
      [
        "newtonSchulzSchedule",
        "polarExpressCoefficients",
        "allOf",
        "anyOf",
        "sizeOfFloat32",
        "sizeOfFloat64",
        "currentEngine",
      ],
      [
        "useEngine",
        "instantiateKernels",
        "instantiateModule",
        "createReferenceEngine",
        "createThreadedEngine",
        "createWasmEngine",
        "optionFault",
        "describe",
      ],
    ),
  );
  const routines = Object.entries(linalg)
    .filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name) && !/(Into|Workspace)$/.test(name))
    .map(([name]) => name)
    .filter((name) => !others.has(name));
  expect([...ROUTINES].sort()).toEqual(routines.sort());
});

test("small systems in different units, singular or beyond the range are left to the routines", () => {
  const pages = [
    [[1e-200, 0], [0, 1e200]],
    [[1, 1], [1, 1 + 2 ** -40]],
    [[0, 1], [1, 0]],
    [[3, 1], [2, 5]],
    [[1e-160, 1e-170], [1e-165, 1e-161]],
  ].map((rows) => fromRows(rows)); // biome-ignore format: matrices
  const [inverses, determinants] = [stacks.inv(stack(pages)), stacks.det(stack(pages))];
  pages.forEach((a, k) => {
    const want = linalg.inv(a).toRows().flat();
    inverses
      .at(k)
      .toRows()
      .flat()
      .forEach((value, i) => {
        expect(Math.abs(value - want[i]!)).toBeLessThanOrEqual(1e-3 * 2 ** -40 * Math.abs(want[i]!));
      });
    expect(determinants.get(k) / linalg.det(a)).toBeCloseTo(1, 10);
  });
});

test("a vector is the right-hand side of every system, and every matrix is multiplied by it", () => {
  const a = definite([4], 3, Float64Array);
  const b = Float64Array.of(1, 2, 3);
  const x = stacks.solve(a, b);
  expect(x.shape).toEqual([4, 3]);
  const back = stacks.matmul(a, new Stack(x.data, [4, 3, 1]));
  for (let k = 0; k < 4; k++) for (let i = 0; i < 3; i++) expect(back.get(k, i, 0)).toBeCloseTo(b[i]!, 12);
  expect(stacks.matmul(a, b).shape).toEqual([4, 3]);
});

test("an ndarray of any dimension is a stack, views of it included", () => {
  const { data } = definite([2, 2], 3, Float64Array);
  const a = ndarray(data as Float64Array, [2, 2, 3, 3])
    .step(-1, 1, 1, 1)
    .hi(2, 1);
  const { shape, data: values } = stacks.det(a as unknown as MatrixLike);
  expect(shape).toEqual([2, 1]);
  const pick = (k: number) => linalg.matrix(3, 3, (data as Float64Array).subarray(9 * k, 9 * k + 9));
  expect(values[0]!).toBeCloseTo(linalg.det(pick(2)), 9);
  expect(values[1]!).toBeCloseTo(linalg.det(pick(0)), 9);
});

test("errors name the entry, and what is no stack is refused", () => {
  const a = definite([2, 2], 3, Float64Array);
  a.data.fill(0, 9, 18);
  expect(() => stacks.inv(a)).toThrow(SingularError);
  expect(() => stacks.inv(a)).toThrow("inv: singular: pivot 0 is zero (at [0,1] of the stack)");
  a.data[30] = Number.NaN;
  expect(() => stacks.svd(a)).toThrow("(at [1,1] of the stack)");
  for (const bad of [null, undefined, 3, "a", [[1]], [fromRows([[1]])], new Float64Array(3)]) {
    expect(() => stacks.inv(bad as unknown as MatrixLike)).toThrow(linalg.LinalgError);
  }
  expect(() => stacks.inv([fromRows([[1]])] as unknown as MatrixLike)).toThrow("use stack(matrices)");
  expect(() => stacks.matmul(definite([2], 3, Float64Array), definite([3], 3, Float64Array))).toThrow(
    "matmul: expected leading axes that go together, got [2,3,3] and [3,3,3]",
  );
  expect(() => stacks.inv({ data: new Float64Array(9), shape: [2, 3, 3], stride: [9, 3, 1], offset: 0 })).toThrow(
    ShapeError,
  );
  expect(() => stacks.svd(a, { fullMatrices: true } as object)).toThrow('unknown option "fullMatrices"');
  expect(() => new Stack(new Float64Array(8), [1, 3, 3])).toThrow(ShapeError);
  expect(() => new Stack(new Float64Array(8), 3 as unknown as number[])).toThrow(ArgumentError);
  expect(() => a.at(0)).toThrow(ShapeError);
  expect(() => a.at(2, 0)).toThrow(ShapeError);
});

test("a stack is printed, and left as nested arrays", () => {
  const a = stack([fromRows([[1, 2]]), fromRows([[3, 4]])]);
  expect(String(a)).toBe("[[[1, 2]],\n[[3, 4]]]");
  expect(JSON.stringify(a)).toBe("[[[1,2]],[[3,4]]]");
  expect(String(new Stack(new Float64Array(20), [20, 1, 1]))).toContain("...");
  expect(a.mT.shape).toEqual([2, 2, 1]);
  expect(() => stack([fromRows([[1]]), fromRows([[1, 2]])])).toThrow(ShapeError);
});
