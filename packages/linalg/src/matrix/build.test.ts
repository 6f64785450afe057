import { strided } from "@sumo/testing";
import fc from "fast-check";
import ndarray from "ndarray";
import { expect, test } from "vitest";
import { DtypeError, OptionError, ShapeError } from "../errors.ts";
import { kron, outer } from "../products/outer.ts";
import { diag, trace, tril, triu } from "./diagonal.ts";
import { identity, type MatrixLike, matrix, transpose, zeros } from "./matrix.ts";
import { eye, ones } from "./special.ts";
import { hstack, vstack } from "./stack.ts";
import { toRows } from "./to-rows.ts";

const dtype = fc.constantFrom("float32", "float64");
const size = fc.nat(5);
const anyMatrix = fc
  .tuple(size, size, dtype)
  .chain(([m, n, type]) => strided(m, n, { dtype: type, repeats: true })) as fc.Arbitrary<MatrixLike>;
const offset = fc.integer({ min: -7, max: 7 });
const check = (property: fc.IProperty<unknown>): void => fc.assert(property, { seed: 1, numRuns: 200 });

/** Elements (i, j) of `a` by a rule, as nested arrays; −0 becomes 0. */
const rowsBy = (m: number, n: number, element: (i: number, j: number) => number): number[][] =>
  Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => element(i, j) + 0));
const at = ({ data, offset: start, stride }: MatrixLike, i: number, j: number): number =>
  data[start + i * stride[0]! + j * stride[1]!]!;
const sizes = (a: MatrixLike): [number, number] => [a.shape[0]!, a.shape[1]!];

test("eye has ones on one diagonal, of any offset and shape", () => {
  check(
    fc.property(size, size, offset, dtype, (m, n, k, type) => {
      const a = eye(m, n, { offset: k, dtype: type });
      expect([a.shape, a.dtype]).toEqual([[m, n], type]);
      expect(toRows(a)).toEqual(rowsBy(m, n, (i, j) => (j - i === k ? 1 : 0)));
    }),
  );
  expect(eye(3)).toEqual(identity(3));
  expect(toRows(ones(2, 1, "float32"))).toEqual([[1], [1]]);
});

test("tril and triu split a matrix along any diagonal, and keep its dtype", () => {
  check(
    fc.property(anyMatrix, offset, (a, k) => {
      const [m, n] = sizes(a);
      const [lower, upper] = [tril(a, { offset: k }), triu(a, { offset: k + 1 })];
      expect(lower.data.constructor).toBe(a.data.constructor);
      expect(toRows(lower)).toEqual(rowsBy(m, n, (i, j) => (j - i <= k ? at(a, i, j) : 0)));
      expect(toRows(upper)).toEqual(rowsBy(m, n, (i, j) => (j - i > k ? at(a, i, j) : 0)));
    }),
  );
});

test("diag of diag is what it was, in both directions, and trace its sum", () => {
  check(
    fc.property(anyMatrix, offset, (a, k) => {
      const [m, n] = sizes(a);
      const values = diag(a, { offset: k });
      const expected = rowsBy(m, n, (i, j) => (j - i === k ? at(a, i, j) : 0)).flatMap((row, i) =>
        i + k in row ? [row[i + k]] : [],
      );
      expect(Array.from(values, (x) => x + 0)).toEqual(expected);
      expect(values.constructor).toBe(a.data.constructor);
      expect(diag(diag(values, { offset: k }), { offset: k })).toEqual(values);
      expect(diag(values, { offset: k }).size).toBe((values.length + Math.abs(k)) ** 2);
      expect(trace(a, { offset: k }) + 0).toBe(Array.from(values).reduce((sum, x) => sum + x, 0) + 0);
    }),
  );
});

test("stacks hold their parts, of any layout, in order", () => {
  check(
    fc.property(fc.array(size, { minLength: 1, maxLength: 3 }), size, (widths, m) => {
      const parts = widths.map((n, index) =>
        matrix(
          m,
          n,
          Float64Array.from({ length: m * n }, (_, i) => 100 * index + i),
        ),
      );
      const wide = hstack(parts.map((part) => transpose(transpose(part))));
      expect(wide.shape).toEqual([m, widths.reduce((sum, n) => sum + n)]);
      const tall = vstack(parts.map((part) => part.T));
      expect(tall).toEqual(matrix(...sizes(wide.T), Float64Array.from(toRows(wide.T).flat())));
      let from = 0;
      for (const part of parts) {
        expect(toRows(wide.lo(0, from).hi(m, part.shape[1]!))).toEqual(toRows(part));
        from += part.shape[1]!;
      }
    }),
  );
});

test("kron holds every product, and outer is kron of a column and a row", () => {
  check(
    fc.property(anyMatrix, size, size, (a, p, q) => {
      const [m, n] = sizes(a);
      const type = a.data instanceof Float32Array ? "float32" : "float64";
      const b = ones(p, q, type);
      for (let i = 0; i < b.data.length; i++) b.data[i] = i - 2;
      const product = kron<Float32Array | Float64Array>(a, b);
      expect(product.shape).toEqual([m * p, n * q]);
      const expected = rowsBy(
        m * p,
        n * q,
        (i, j) => at(a, Math.floor(i / p), Math.floor(j / q)) * b.get(i % p, j % q),
      );
      expect(rowsBy(m * p, n * q, (i, j) => product.get(i, j))).toEqual(expected);
    }),
  );
  const [x, y] = [Float64Array.of(1, 2, 3), Float64Array.of(4, 5)];
  expect(outer(x, y)).toEqual(kron(matrix(3, 1, x), matrix(1, 2, y)));
  const backwards = ndarray(x).step(-1);
  expect(toRows(outer(backwards, y))).toEqual([[12, 15], [8, 10], [4, 5]]); // biome-ignore format: a matrix
  expect(outer(new Float64Array(0), y).shape).toEqual([0, 2]);
});

test("arguments that do not fit are refused", () => {
  const a = identity(2);
  expect(() => hstack([])).toThrow(ShapeError);
  expect(() => hstack([a, zeros(3, 2)])).toThrow("equal heights, got [2, 2] and [3, 2]");
  expect(() => vstack([a, zeros(2, 3)])).toThrow("equal widths");
  expect(() => vstack<Float32Array | Float64Array>([a, zeros(2, 2, "float32")])).toThrow(DtypeError);
  expect(() => kron<Float32Array | Float64Array>(a, zeros(2, 2, "float32"))).toThrow(DtypeError);
  expect(() => outer(a, a)).toThrow("outer: expected x to be a vector, got [2, 2]");
  expect(() => diag(a.pick(0, null))).toThrow(ShapeError);
  for (const routine of [diag, trace, tril, triu] as ((a: MatrixLike, options: never) => unknown)[]) {
    for (const options of [null, 1, { k: 1 }, { offset: 0.5 }, { offset: "1" }]) {
      expect(() => routine(a, options as never)).toThrow(OptionError);
    }
  }
  expect(() => eye(2, 2, { k: 1 } as never)).toThrow(OptionError);
  expect(() => eye(2.5)).toThrow("eye: expected whole sizes");
  expect(() => eye(2, 2, { dtype: "int8" as never })).toThrow(DtypeError);
  expect(() => ones(-1, 2)).toThrow("ones: expected whole sizes");
});
