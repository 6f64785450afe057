import { inspect } from "node:util";
import { strided } from "@sumo/testing";
import fc from "fast-check";
import ndarray, { type NdArray } from "ndarray";
import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { fromRows } from "./matrix.ts";
import { StridedView } from "./strided-view.ts";

type View = NdArray<Float64Array> | StridedView<Float64Array>;

/** A view and what `ndarray` makes of the same storage. */
const pair = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([m, n]) => strided(m, n, { dtype: "float64", repeats: true }))
  .map(({ data, shape, stride, offset }) => {
    const storage = data as Float64Array;
    return {
      ours: new StridedView(storage, [...shape], [...stride], offset),
      theirs: ndarray(storage, [...shape], [...stride], offset),
    };
  });

const fields = (view: View) => ({
  data: view.data,
  shape: Array.from(view.shape),
  stride: Array.from(view.stride),
  offset: view.offset,
  dimension: view.dimension,
  size: view.size,
  dtype: view.dtype,
});

/** Every way to cut, turn and thin a view. */
const operations: readonly ((view: View, i: number, j: number) => View)[] = [
  (view, i, j) => view.lo(i, j),
  (view, i, j) => view.hi(i + 1, j + 1),
  (view, i) => view.lo(i),
  (view) => view.step(-1, 1),
  (view) => view.step(1, -1),
  (view) => view.step(2, 1),
  (view) => view.transpose(1, 0),
  (view, i) => view.pick(i, null as never),
  (view, _, j) => view.pick(-1, j),
  (view, i, j) => view.pick(i, j),
];

test("views are those of ndarray, whatever is done to them", () => {
  const property = fc.property(
    pair,
    fc.nat(),
    fc.nat(),
    fc.nat(operations.length - 1),
    ({ ours, theirs }, a, b, which) => {
      const i = a % ours.shape[0]!;
      const j = b % ours.shape[1]!;
      expect(ours.index(i, j)).toBe(theirs.index(i, j));
      expect(ours.get(i, j)).toBe(theirs.get(i, j));
      const operation = operations[which]!;
      expect(fields(operation(ours, i, j))).toEqual(fields(operation(theirs, i, j)));
    },
  );
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test("set writes through every view and returns the value", () => {
  const a = new StridedView(new Float64Array(6), [2, 3], [3, 1], 0);
  expect(a.T.set(2, 1, 5)).toBe(5);
  expect(a.get(1, 2)).toBe(5);
  expect(a.pick(0, null).set(1, 7)).toBe(7);
  expect(a.get(0, 1)).toBe(7);
});

test("an ndarray is a matrix for types, and a matrix an ndarray", () => {
  const ours: StridedView<Float32Array> = new StridedView(new Float32Array(1), [1, 1], [1, 1], 0);
  const theirs: NdArray<Float32Array> = ours as NdArray<Float32Array>;
  expect(theirs.order).toEqual(ndarray(new Float32Array(1), [1, 1]).order);
});

test("no view reaches beyond the one it came from", () => {
  const a = new StridedView(new Float64Array(6), [2, 3], [3, 1], 0);
  const beyond = [
    () => a.hi(9, 9),
    () => a.hi(2, 4),
    () => a.lo(3),
    () => a.lo(0, 4),
    () => a.pick(2, null),
    () => a.pick(null, 3),
    () => a.step(0, 1),
  ];
  for (const view of beyond) expect(view).toThrow(ShapeError);
  expect(() => a.hi(9, 9)).toThrow("hi: expected a part of [2, 3], got up to [9, 9]");
  expect([a.hi(2, 3).shape, a.lo(2, 3).shape, a.hi(0, 0).shape]).toEqual([[2, 3], [0, 0], [0, 0]]); // biome-ignore format: short
});

test("rows come out as they went in: as arrays, by iteration and through JSON", () => {
  fc.assert(
    fc.property(pair, ({ ours }) => {
      const [m, n] = [ours.shape[0]!, ours.shape[1]!];
      const rows = Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => ours.get(i, j)));
      expect(ours.toRows()).toEqual(rows);
      expect([...ours]).toEqual(rows);
      expect(fromRows(JSON.parse(JSON.stringify({ ours })).ours).toRows()).toEqual(
        rows.map((row) => row.map((x) => x + 0)),
      );
    }),
    { seed: 1, numRuns: 100 },
  );
  const a = fromRows([[1, 2], [3, 4]]); // biome-ignore format: a matrix
  expect(a.pick(1, null).toRows()).toEqual([[3], [4]]);
  expect(a.pick(1, 1).toRows()).toEqual([[4]]);
  const sums = [];
  for (const [x, y] of a) sums.push(x! + y!);
  expect(sums).toEqual([3, 7]);
});

test("a view prints its elements, aligned, and the edges of a large one", () => {
  expect(String(fromRows([[1, -2.5], [1 / 3, 1e-9]]))).toBe("[[       1,     -2.5],\n [0.333333,     1e-9]]"); // biome-ignore format: a matrix
  expect(String(fromRows([[0.1]], "float32"))).toBe("[[0.1]]");
  expect(String(fromRows([[Number.NaN, Infinity]]))).toBe("[[     NaN, Infinity]]");
  expect(inspect(fromRows([[1, 2]]))).toBe("StridedView 1 x 2 float64\n[[1, 2]]");
  const large = new StridedView(new Float32Array(4000), [40, 100], [100, 1], 0);
  expect(String(large.hi(2, 100)).match(/\.\.\./g)).toBeNull();
  const lines = String(large).split("\n");
  expect([lines.length, lines[0]]).toEqual([7, "[[  0,   0,   0, ...,   0,   0,   0],"]);
  expect(String(large.pick(0, null).hi(3))).toBe("[0, 0, 0]");
  expect(String(large.pick(0, 0))).toBe("0");
  expect([String(large.hi(0, 3)), String(large.hi(2, 0))]).toEqual(["[]", "[[],\n []]"]);
});
