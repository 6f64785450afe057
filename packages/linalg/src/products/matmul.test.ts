import { type Strided, strided } from "@sumo/testing";
import fc from "fast-check";
import ndarray from "ndarray";
import { expect, test } from "vitest";
import { createWasmEngine } from "../engine/wasm/wasm-engine.ts";
import { DtypeError, OptionError, ShapeError, WorkspaceError } from "../errors.ts";
import { fromRows, type MatrixLike, matrix, transpose, zeros } from "../matrix/matrix.ts";
import type { Dtype } from "../matrix/real.ts";
import { Workspace } from "../memory/workspace.ts";
import { matmul, matmulInto, matmulWorkspace } from "./matmul.ts";

const engine = createWasmEngine({ bytes: 2 ** 24 });
const size = fc.nat(12);

interface Operands {
  readonly a: Strided;
  readonly b: Strided;
  readonly out: Strided;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const operands: fc.Arbitrary<Operands> = fc
  .tuple(size, size, size, fc.constantFrom<Dtype>("float32", "float64"), fc.boolean(), fc.boolean())
  .chain(([m, n, k, dtype, transposeA, transposeB]) =>
    fc.record({
      a: transposeA ? strided(k, m, { dtype, repeats: true }) : strided(m, k, { dtype, repeats: true }),
      b: transposeB ? strided(n, k, { dtype, repeats: true }) : strided(k, n, { dtype, repeats: true }),
      out: strided(m, n, { dtype }),
      transposeA: fc.constant(transposeA),
      transposeB: fc.constant(transposeB),
    }),
  );

const at = ({ data, offset, stride }: MatrixLike, i: number, j: number): number =>
  data[offset + i * stride[0]! + j * stride[1]!]!;

/** The product of small whole numbers, exact; an element of the result is never −0 here. */
function exact({ a, b, transposeA, transposeB }: Operands, i: number, j: number): number {
  let sum = 0;
  for (let p = 0; p < a.shape[transposeA ? 0 : 1]; p++) {
    sum += (transposeA ? at(a, p, i) : at(a, i, p)) * (transposeB ? at(b, j, p) : at(b, p, j));
  }
  return sum + 0;
}

test("matmul takes any strides and returns a row-major matrix of the operands' dtype", () => {
  const property = fc.property(operands, (o) => {
    const { transposeA, transposeB } = o;
    const c = matmul(o.a, o.b, { transposeA, transposeB });
    const [m, n] = o.out.shape;
    expect(c.shape).toEqual([m, n]);
    expect([c.stride, c.offset, c.data.length]).toEqual([[n, 1], 0, m * n]);
    expect(c.data.constructor).toBe(o.a.data.constructor);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) expect(c.get(i, j)).toBeCloseTo(exact(o, i, j), 12);
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

test("matmulInto writes the elements of out and nothing else, with a workspace and without", () => {
  const factor = fc.constantFrom(0, 1, -2);
  const property = fc.property(operands, factor, factor, fc.boolean(), (o, alpha, beta, withWork) => {
    const [m, n] = o.out.shape;
    const k = o.a.shape[o.transposeA ? 0 : 1];
    const out = { ...o.out, data: o.out.data.slice() };
    const dtype = out.data instanceof Float32Array ? "float32" : "float64";
    const work = withWork ? new Workspace(engine, matmulWorkspace(m, n, k, dtype)) : undefined;
    const { transposeA, transposeB } = o;
    expect(matmulInto(out, o.a, o.b, { alpha, beta, transposeA, transposeB }, work)).toBe(out);
    work?.dispose();
    const expected = o.out.data.slice();
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const index = out.offset + i * out.stride[0] + j * out.stride[1];
        expected[index] = alpha * exact(o, i, j) + beta * expected[index]!;
      }
    }
    expect(Array.from(out.data, (x) => x + 0)).toEqual(Array.from(expected, (x) => x + 0));
  });
  fc.assert(property, { seed: 1, numRuns: 200 });
});

test("out may be an operand, or a part of one", () => {
  const a = matrix(3, 3, Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9));
  expect(matmulInto(a, a, transpose(a)).data).toEqual(Float64Array.of(14, 32, 50, 32, 77, 122, 50, 122, 194));
  const wide = fromRows([
    [1, 2, 0, 0],
    [3, 4, 0, 0],
  ]);
  const left = wide.hi(2, 2);
  // Blocks of one matrix that lie side by side need no scratch, even without room for it.
  const none = new Workspace(engine, 0);
  matmulInto(wide.lo(0, 2), left, left, {}, none);
  none.dispose();
  expect(wide.data).toEqual(Float64Array.of(1, 2, 7, 10, 3, 4, 15, 22));
  const shifted = wide.lo(0, 1).hi(2, 2);
  matmulInto(shifted, left, left);
  expect(wide.data).toEqual(Float64Array.of(1, 7, 10, 10, 3, 15, 22, 22));
});

test("ndarray objects go in, as operands and as out", () => {
  const a = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  const out = ndarray(new Float32Array(4), [2, 2]);
  matmulInto(out, a, a.transpose(1, 0));
  expect([out.get(0, 0), out.get(0, 1), out.get(1, 0), out.get(1, 1)]).toEqual([14, 32, 32, 77]);
  expect(matmul(a.step(1, -1), a.transpose(1, 0)).get(0, 0)).toBe(3 + 4 + 3);
});

test("NaN goes through, and beta = 0 ignores it in out", () => {
  const nan = fromRows([[Number.NaN, 1]]);
  expect(matmul(nan, transpose(nan)).get(0, 0)).toBeNaN();
  const out = fromRows([[Number.NaN]]);
  expect(matmulInto(out, fromRows([[2]]), fromRows([[3]])).get(0, 0)).toBe(6);
});

test("operands that cannot go together are refused before anything is written", () => {
  const a = zeros(2, 3);
  const out = fromRows([
    [5, 5],
    [5, 5],
  ]);
  const refuse = (error: new (...args: never[]) => Error, call: () => unknown): void => {
    expect(call).toThrow(error);
    expect(out.data.every((x) => x === 5)).toBe(true);
  };
  refuse(ShapeError, () => matmulInto(out, a, a));
  refuse(ShapeError, () => matmulInto(out, a, zeros(3, 3)));
  refuse(ShapeError, () => matmulInto(out, a, zeros(3, 2), { transposeA: true }));
  refuse(DtypeError, () => matmulInto(out, a, zeros(3, 2, "float32")));
  refuse(DtypeError, () => matmulInto(out, zeros(2, 3, "float32"), zeros(3, 2, "float32")));
  refuse(DtypeError, () => matmul({ ...a, shape: [2, 3], data: new Int32Array(6) as never }, zeros(3, 2)));
  refuse(ShapeError, () => matmul({ data: a.data, shape: [2, 3], stride: [3, 2], offset: 0 }, zeros(3, 2)));
  refuse(ShapeError, () => matmul({ data: a.data, shape: [6], stride: [1], offset: 0 }, zeros(3, 2)));
  refuse(ShapeError, () => matmul({ data: a.data, shape: [2, 3], stride: [-3, 1], offset: 0 }, zeros(3, 2)));
  refuse(OptionError, () => matmul({ data: a.data, shape: [2, 3], stride: [0.5, 1], offset: 0 }, zeros(3, 2)));
  for (const stride of [
    [0, 1],
    [1, 1],
    [2, 0],
    [0, 0],
  ] as const) {
    refuse(ShapeError, () => matmulInto({ data: out.data, shape: [2, 2], stride, offset: 0 }, a, zeros(3, 2)));
  }
  const none = new Workspace(engine, 0);
  refuse(WorkspaceError, () => matmulInto(out, a, transpose(zeros(2, 3)).step(-1, 1), {}, none));
  none.dispose();
});
