import { TestRandom, ULP, withSingularValues } from "@sumo/testing";
import { expect, test } from "vitest";
import { refusesBadMatrices } from "../../test/refusals.ts";
import { DtypeError, ShapeError } from "../errors.ts";
import { fromRows, identity, type MatrixLike, matrix, transpose, zeros } from "../matrix/matrix.ts";
import { matmul } from "../products/matmul.ts";
import { subspaceAngles } from "./subspace-angles.ts";

/** Subspaces at the given angles, turned by an orthogonal matrix and by changes of basis. */
function subspaces(m: number, angles: readonly number[], extra: number, seed: number): [MatrixLike, MatrixLike] {
  const k = angles.length;
  const source = new TestRandom(seed);
  const turn = withSingularValues(m, m, new Array(m).fill(1), source);
  const a = zeros(m, k);
  const b = zeros(m, k + extra);
  angles.forEach((angle, j) => {
    a.set(j, j, 1);
    b.set(j, j, Math.cos(angle));
    b.set(k + j, j, Math.sin(angle));
  });
  for (let j = 0; j < extra; j++) b.set(2 * k + j, k + j, 1);
  const mix = (n: number): MatrixLike => withSingularValues(n, n, Array.from({ length: n }, (_, i) => 2 + (i % 3)), source) as MatrixLike; // biome-ignore format: short
  return [matmul(turn as MatrixLike, matmul(a, mix(k))), matmul(turn as MatrixLike, matmul(b, mix(k + extra)))];
}

test("angles between known subspaces, small ones and right ones to the last digits", () => {
  const angles = [Math.PI / 2, 1.5, Math.PI / 4, 0.3, 1e-5, 1e-10, 0];
  for (const extra of [0, 3]) {
    const [a, b] = subspaces(20, angles, extra, extra);
    for (const found of [subspaceAngles(a, b), subspaceAngles(b, a)]) {
      expect(found.length).toBe(angles.length);
      found.forEach((angle, i) => {
        expect(Math.abs(angle - angles[i]!)).toBeLessThanOrEqual(20 * 8 * ULP.float64);
      });
    }
  }
});

test("by hand, whatever the rank, scale and dtype", () => {
  const a = fromRows([[1, 2], [0, 0]]); // biome-ignore format: a matrix
  const b = fromRows([[1e200], [1e200]]);
  expect(Array.from(subspaceAngles(a, b))).toEqual([expect.closeTo(Math.PI / 4, 14)]);
  expect(Array.from(subspaceAngles(identity(3), identity(3)))).toEqual([0, 0, 0]);
  expect(subspaceAngles(zeros(3, 2), identity(3)).length).toBe(0);
  // Columns that are dependent to the precision of float32 span one direction.
  const single = matrix(2, 2, Float32Array.of(1, 1 / 3, 1 / 3, 1 / 9));
  expect(subspaceAngles(single, transpose(single)).length).toBe(1);
});

test("matrices of two heights or dtypes are refused", () => {
  expect(() => subspaceAngles(zeros(3, 1), zeros(2, 1))).toThrow(ShapeError);
  expect(() => subspaceAngles(identity(2), identity(2, "float32"))).toThrow(DtypeError);
});

refusesBadMatrices("subspaceAngles", (a) => subspaceAngles(a, a));
