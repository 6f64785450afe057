import { strided } from "@sumo/testing";
import fc from "fast-check";
import ndarray, { type NdArray } from "ndarray";
import { expect, test } from "vitest";
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
