import { single, type View } from "@sumo/testing";
import { expect, test } from "vitest";
import { DtypeError, fromRows, type MatrixLike, matrix, NonFiniteError, ShapeError } from "../src/index.ts";

/** What every routine of one matrix refuses, with the error it promises. */
export function refusesBadMatrices(name: string, routine: (a: MatrixLike) => unknown): void {
  refusesNonFinite(name, routine);

  test(`${name} refuses what is not a matrix of floats`, () => {
    const whole = { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2], stride: [2, 1], offset: 0 };
    expect(() => routine(whole as unknown as MatrixLike)).toThrow(DtypeError);
    expect(() => routine({ data: new Float64Array(4), shape: [4], stride: [1], offset: 0 })).toThrow(ShapeError);
    expect(() => routine({ data: new Float64Array(3), shape: [2, 2], stride: [2, 1], offset: 0 })).toThrow(ShapeError);
  });
}

/** What a routine that also takes vectors refuses of a matrix. */
export function refusesNonFinite(name: string, routine: (a: MatrixLike) => unknown): void {
  test(`${name} names the first NaN or infinity`, () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const a = fromRows([
        [1, 2],
        [bad, Number.NaN],
      ]);
      expect(() => routine(a)).toThrow(NonFiniteError);
      expect(() => routine(a)).toThrow(expect.objectContaining({ index: [1, 0], operation: name }));
    }
  });
}

/** `a` in a dtype, each time in another layout: packed, transposed, and backwards with gaps. */
export function layouts(a: View & { readonly data: Float64Array }, type: "float32" | "float64"): MatrixLike[] {
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  const data = type === "float32" ? single(a as Parameters<typeof single>[0]).data : a.data;
  const values = (i: number, j: number): number => data[i * n + j]!;
  const columns = data.slice();
  const gaps = type === "float32" ? new Float32Array(2 * m * n + 3) : new Float64Array(2 * m * n + 3);
  gaps.fill(Number.NaN);
  const last = 2 * m * n;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      columns[j * m + i] = values(i, j);
      gaps[last - 2 * (i * n + j)] = values(i, j);
    }
  }
  return [
    matrix<Float32Array | Float64Array>(m, n, data),
    matrix<Float32Array | Float64Array>(m, n, columns, { stride: [1, m] }),
    matrix<Float32Array | Float64Array>(m, n, gaps, { stride: [-2 * n, -2], offset: last }),
  ];
}
