import { expect, test } from "vitest";
import { OptimizerOptionError, ParameterError } from "../errors.ts";
import { EPS32 } from "../testing/dense.ts";
import { clipGlobalNorm } from "./clip.ts";
import { createEma } from "./ema.ts";

test("clipping scales all gradients by one factor to the wanted joint norm", () => {
  const gradients = { a: Float32Array.of(3, 0), b: Float32Array.of(0, 4) };
  expect(clipGlobalNorm(gradients, 1)).toEqual({ norm: 5, clipped: true });
  expect(gradients.a[0]).toBeCloseTo(3 / 5, 6);
  expect(gradients.b[1]).toBeCloseTo(4 / 5, 6);
});

test("clipping leaves short, zero and non-finite gradients alone", () => {
  const short = { a: Float32Array.of(3, 4) };
  expect(clipGlobalNorm(short, 5)).toEqual({ norm: 5, clipped: false });
  expect(short.a).toEqual(Float32Array.of(3, 4));
  expect(clipGlobalNorm({ a: new Float32Array(2) }, 1)).toEqual({ norm: 0, clipped: false });
  const bad = { a: Float32Array.of(Number.NaN, 4) };
  expect(clipGlobalNorm(bad, 1).clipped).toBe(false);
  expect(bad.a[1]).toBe(4);
  expect(() => clipGlobalNorm(short, 0)).toThrow(OptimizerOptionError);
});

test("the average follows the weights geometrically, and swaps with them", () => {
  const data = Float32Array.of(1, -2);
  const ema = createEma([{ name: "w", shape: [2], data }], 0.75);
  data.set([5, 2]);
  for (let step = 0; step < 3; step++) ema.update();
  // From 1 towards 5: 5 − 4 · 0.75³.
  expect(Math.abs(ema.averages["w"]![0]! - (5 - 4 * 0.75 ** 3))).toBeLessThanOrEqual(3 * 5 * EPS32);
  ema.swap();
  expect(ema.averages["w"]).toEqual(Float32Array.of(5, 2));
  expect(Math.abs(data[1]! - (2 - 4 * 0.75 ** 3))).toBeLessThanOrEqual(3 * 5 * EPS32);
  ema.swap();
  expect(data).toEqual(Float32Array.of(5, 2));
});

test("an average refuses bad input", () => {
  const parameter = { name: "w", shape: [1], data: new Float32Array(1) };
  expect(() => createEma([parameter], 1)).toThrow(OptimizerOptionError);
  expect(() => createEma([parameter, parameter], 0.5)).toThrow(ParameterError);
});
