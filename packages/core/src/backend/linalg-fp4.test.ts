import { fillNormal } from "@sumo/linalg";
import fc from "fast-check";
import { expect, test } from "vitest";
import { plan } from "../optimizer/plan.ts";
import { EPS32 } from "../testing/dense.ts";
import { linalgSizes } from "./linalg-backend.ts";
import { fp4Words, packFp4, unpackFp4 } from "./linalg-fp4.ts";

const MAGNITUDES = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

function stored(numbers: Float32Array, key: readonly [number, number]): Float32Array {
  const packed = new Float32Array(fp4Words(numbers.length)).fill(Number.NaN);
  packFp4(packed, numbers, key);
  const back = new Float32Array(numbers.length);
  unpackFp4(back, packed);
  return back;
}

test("every number becomes one of the two codes that it lies between", () => {
  const values = fc.oneof(
    fc.float32Array({
      noNaN: true,
      noDefaultInfinity: true,
      max: 2 ** 127,
      min: -(2 ** 127),
      minLength: 1,
      maxLength: 200,
    }),
    fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 1, maxLength: 200 }),
  );
  fc.assert(
    fc.property(values, fc.nat(2 ** 32 - 1), fc.nat(1e6), (numbers, stream, step) => {
      const back = stored(numbers, [stream, step]);
      for (const [i, x] of numbers.entries()) {
        const from = i - (i % 64);
        const unit = numbers.subarray(from, from + 64).reduce((most, y) => Math.max(most, Math.abs(y)), 0) / 6;
        // A rounding of the scale and one of the product, and the smallest subnormal, which is the scale's own step.
        const slack = 4 * EPS32 * unit * 6 + 6 * 2 ** -149;
        const codes = MAGNITUDES.map((m) => Math.sign(x) * m * unit);
        const above = MAGNITUDES.findIndex((m) => m * unit >= Math.abs(x) - slack);
        const near = [codes[above]!, codes[Math.max(0, above - 1)]!, codes[Math.min(7, above + 1)]!];
        const isNeighbour = near.some((code) => Math.abs(back[i]! - code) <= slack);
        if (!isNeighbour) expect.fail(`${x} in units of ${unit} came back as ${back[i]}`);
        if (Math.abs(back[i]! - x) > 2 * unit + slack) expect.fail(`${x} in units of ${unit} moved to ${back[i]}`);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("codes themselves are kept, whatever the key", () => {
  const codes = Float32Array.from(
    { length: 64 },
    (_, i) => (i % 2 === 0 ? 1 : -1) * MAGNITUDES[Math.floor(i / 2) % 8]!,
  );
  for (let step = 0; step < 50; step++)
    expect(Array.from(stored(codes, [9, step]), (x) => x + 0)).toEqual(Array.from(codes, (x) => x + 0));
});

test("a number is rounded up as often as its place between two codes says, independently of its neighbour and of other steps", () => {
  const draws = 4000;
  // In units of 1: a third of the way from 2 to 3, and from 4 to 6.
  const numbers = Float32Array.of(6, 2 + 1 / 3, 4 + 2 / 3, 0.125);
  const ups = [0, 0, 0];
  let [both, repeated, last] = [0, 0, false];
  for (let step = 0; step < draws; step++) {
    const back = stored(numbers, [3, step]);
    const up = [back[1]! > 2.5, back[2]! > 5, back[3]! > 0.25];
    up.forEach((is, i) => {
      if (is) ups[i]! += 1;
    });
    if (up[1] && up[2]) both++;
    if (up[1] && last) repeated++;
    last = up[1]!;
  }
  // Five deviations of a binomial number of probability p.
  const expectShare = (count: number, p: number): void =>
    expect(Math.abs(count / draws - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / draws));
  expectShare(ups[0]!, 1 / 3);
  expectShare(ups[1]!, 1 / 3);
  expectShare(ups[2]!, 1 / 4);
  expectShare(both, 1 / 12);
  expectShare(repeated, 1 / 9);
});

test("the error of normal numbers is as documented", () => {
  const numbers = new Float32Array(64 * 128);
  fillNormal(numbers, [5, 0, 0]);
  const back = stored(numbers, [1, 1]);
  const square = (a: Float32Array): number => a.reduce((sum, x) => sum + x * x, 0);
  const error = Math.sqrt(square(numbers.map((x, i) => x - back[i]!)) / square(numbers));
  expect(error).toBeGreaterThan(0.13);
  expect(error).toBeLessThan(0.17);
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
