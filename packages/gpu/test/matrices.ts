import { fillNormal, type Matrix, zeros } from "@sumo/linalg";
import { expect } from "vitest";

/** Random normal numbers, rounded to float32. */
export function normal(rows: number, cols: number, seed: number): Matrix<Float64Array> {
  const single = zeros(rows, cols, "float32");
  fillNormal(single.data, [seed, rows, cols]);
  const a = zeros(rows, cols);
  a.data.set(single.data);
  return a;
}

export const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return largest(Array.from(a, (value, i) => value - b[i]!));
}
