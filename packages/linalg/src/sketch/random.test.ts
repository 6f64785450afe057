import fc from "fast-check";
import { expect, test } from "vitest";
import { OptionError } from "../errors.ts";
import { fillNormal, fillUniform } from "./random.ts";

const uniform = (length: number, key: readonly [number, number, number]): Float64Array => {
  const out = new Float64Array(length);
  fillUniform(out, key);
  return out;
};
const normal = (length: number, key: readonly [number, number, number]): Float64Array => {
  const out = new Float64Array(length);
  fillNormal(out, key);
  return out;
};
const unit53 = (a: number, b: number): number => ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;

// Known answers published with the generator (Random123, kat_vectors): counter words, key words, output words.
test("Philox4x32-10 gives the published answers", () => {
  expect(uniform(2, [0, 0, 0])).toEqual(
    Float64Array.of(unit53(0x6627e8d5, 0xe169c58d), unit53(0xbc57ac4c, 0x9b00dbd8)),
  );
});

test("a prefix is a prefix, and equal keys give equal bits", () => {
  const key = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  fc.assert(
    fc.property(key, fc.nat(40), fc.nat(40), (k, a, b) => {
      const long = normal(a + b, k);
      expect(normal(a, k)).toEqual(long.subarray(0, a));
      expect(uniform(a, k)).toEqual(uniform(a + b, k).subarray(0, a));
    }),
    { seed: 1, numRuns: 50 },
  );
});

test("every part of the key changes the sequence", () => {
  const draws = [
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [2 ** 32, 0, 0],
    [0, 2 ** 32, 0],
  ] as const;
  expect(new Set(draws.map((key) => uniform(1, key)[0])).size).toBe(draws.length);
});

test("uniform numbers have the moments of the uniform distribution and stay below one", () => {
  const n = 40_000;
  for (const out of [new Float32Array(n), new Float64Array(n)]) {
    fillUniform(out, [7, 1, 0]);
    // Six standard errors of the mean and of the mean square.
    expect(Math.abs(mean(out, 1) - 1 / 2)).toBeLessThan(6 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(mean(out, 2) - 1 / 3)).toBeLessThan(6 * Math.sqrt(4 / 45 / n));
    expect(out.every((x) => x >= 0 && x < 1)).toBe(true);
  }
});

test("normal numbers have the moments of the normal distribution and are uncorrelated in pairs", () => {
  const n = 40_000;
  const x = normal(n, [3, 0, 9]);
  expect(Math.abs(mean(x, 1))).toBeLessThan(6 / Math.sqrt(n));
  expect(Math.abs(mean(x, 2) - 1)).toBeLessThan(6 * Math.sqrt(2 / n));
  expect(Math.abs(mean(x, 3))).toBeLessThan(6 * Math.sqrt(15 / n));
  expect(Math.abs(mean(x, 4) - 3)).toBeLessThan(6 * Math.sqrt(96 / n));
  let product = 0;
  for (let i = 0; i < n; i += 2) product += x[i]! * x[i + 1]!;
  expect(Math.abs(product / (n / 2))).toBeLessThan(6 / Math.sqrt(n / 2));
});

test("the normal transform agrees with the platform's functions to a few ulp", () => {
  const n = 2000;
  const u = uniform(n, [5, 5, 5]);
  const x = normal(n, [5, 5, 5]);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - u[i]!));
    const angle = 2 * Math.PI * u[i + 1]!;
    expect(Math.abs(x[i]! - radius * Math.cos(angle))).toBeLessThanOrEqual(16 * Number.EPSILON * radius);
    expect(Math.abs(x[i + 1]! - radius * Math.sin(angle))).toBeLessThanOrEqual(16 * Number.EPSILON * radius);
  }
});

test("a key outside its range is refused", () => {
  for (const key of [
    [-1, 0, 0],
    [0.5, 0, 0],
    [0, Number.NaN, 0],
    [0, 0, 2 ** 32],
  ] as const) {
    expect(() => fillNormal(new Float64Array(1), key)).toThrow(OptionError);
    expect(() => fillUniform(new Float64Array(1), key)).toThrow(OptionError);
  }
});

function mean(x: Float32Array | Float64Array, power: number): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! ** power;
  return sum / x.length;
}
