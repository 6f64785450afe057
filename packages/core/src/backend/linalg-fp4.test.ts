import { fillNormal } from "@sumo/linalg";
import fc from "fast-check";
import { expect, test } from "vitest";
import { plan } from "../optimizer/plan.ts";
import { EPS32 } from "../testing/dense.ts";
import { linalgSizes } from "./linalg-backend.ts";
import { fp4Words, packFp4, unpackFp4 } from "./linalg-fp4.ts";

const MAGNITUDES = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

function stored(numbers: Float32Array): Float32Array {
  const packed = new Float32Array(fp4Words(numbers.length)).fill(Number.NaN);
  packFp4(packed, numbers);
  const back = new Float32Array(numbers.length);
  unpackFp4(back, packed);
  return back;
}

test("every number becomes the nearest of the fifteen of its block", () => {
  const [most, least] = [2 ** 127, -(2 ** 127)];
  const values = fc.oneof(
    fc.float32Array({ noNaN: true, noDefaultInfinity: true, max: most, min: least, minLength: 1, maxLength: 200 }),
    fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 1, maxLength: 200 }),
  );
  fc.assert(
    fc.property(values, (numbers) => {
      const back = stored(numbers);
      for (const [i, x] of numbers.entries()) {
        const from = i - (i % 64);
        const unit = numbers.subarray(from, from + 64).reduce((so, y) => Math.max(so, Math.abs(y)), 0) / 6;
        // The step of the fixed point, roundings of the scale and of the product, and the smallest subnormal, which is the scale's own step.
        const slack = (2 ** -14 + 24 * EPS32) * unit + 6 * 2 ** -149;
        const nearest = Math.min(...MAGNITUDES.map((magnitude) => Math.abs(magnitude * unit - Math.abs(x))));
        const error = Math.abs(back[i]! - x);
        if (!(error <= nearest + slack)) expect.fail(`${x} in units of ${unit} came back as ${back[i]}`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("codes themselves are kept", () => {
  const codes = Float32Array.from(
    { length: 150 },
    (_, i) => (i % 2 === 0 ? 1 : -1) * MAGNITUDES[Math.floor(i / 2) % 8]!,
  );
  expect(Array.from(stored(codes), (x) => x + 0)).toEqual(Array.from(codes, (x) => x + 0));
});

test("the error of normal numbers is as documented", () => {
  const numbers = new Float32Array(64 * 128);
  fillNormal(numbers, [5, 0, 0]);
  const back = stored(numbers);
  const square = (a: Float32Array): number => a.reduce((sum, x) => sum + x * x, 0);
  const error = Math.sqrt(square(numbers.map((x, i) => x - back[i]!)) / square(numbers));
  expect(error).toBeGreaterThan(0.1);
  expect(error).toBeLessThan(0.12);
});

test("Muon's state takes 9 bytes for 16 numbers in 4 bits, and 17 in 8", () => {
  const bytesOf = (stateBits: 32 | 8 | 4) =>
    plan([{ name: "w", shape: [256, 512] }], { optimizer: "muon", lr: 1, stateBits }).stateBytes;
  expect(bytesOf(4) / bytesOf(32)).toBe(9 / 64);
  expect(bytesOf(8) / bytesOf(32)).toBe(17 / 64);
});

test("a backend that cannot pack says so at once", () => {
  const { packed: _, ...sizes } = linalgSizes;
  const wish = () => plan([{ name: "w", shape: [8, 8] }], { optimizer: "muon", lr: 1, stateBits: 4 }, { sizes });
  expect(wish).toThrow(/stateBits/);
});
