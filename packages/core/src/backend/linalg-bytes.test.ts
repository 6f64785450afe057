import fc from "fast-check";
import { expect, test } from "vitest";
import { plan } from "../optimizer/plan.ts";
import { EPS32 } from "../testing/dense.ts";
import { linalgSizes } from "./linalg-backend.ts";
import { packBytes, packedWords, unpackBytes } from "./linalg-bytes.ts";

const values = fc.oneof(
  fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 200 }),
  fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 1, maxLength: 200 }),
);

test("no number is off by more than half a code of its block", () => {
  fc.assert(
    fc.property(values, (numbers) => {
      const packed = new Float32Array(packedWords(numbers.length)).fill(Number.NaN);
      packBytes(packed, numbers);
      const back = new Float32Array(numbers.length);
      unpackBytes(back, packed);
      for (let from = 0; from < numbers.length; from += 64) {
        const largest = numbers.subarray(from, from + 64).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        // Half a code, the rounding of the scale, and the smallest subnormal, which is the scale's own step.
        const allowed = largest * (1 / 254 + 2 * EPS32) + 127 * 2 ** -149;
        for (let i = from; i < Math.min(from + 64, numbers.length); i++) {
          if (!(Math.abs(back[i]! - numbers[i]!) <= allowed)) expect.fail(`${numbers[i]} came back as ${back[i]}`);
        }
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("packing what was unpacked changes nothing: state does not wear out by being stored", () => {
  fc.assert(
    fc.property(fc.float32Array({ min: -1, max: 1, noNaN: true, minLength: 1, maxLength: 200 }), (numbers) => {
      const packed = new Float32Array(packedWords(numbers.length));
      packBytes(packed, numbers);
      const once = new Float32Array(numbers.length);
      unpackBytes(once, packed);
      packBytes(packed, once);
      const twice = new Float32Array(numbers.length);
      unpackBytes(twice, packed);
      twice.forEach((x, i) => {
        if (!(Math.abs(x - once[i]!) <= 2 * EPS32 * Math.abs(once[i]!) + 127 * 2 ** -149))
          expect.fail(`${once[i]} became ${x}`);
      });
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("the state takes 17 bytes for 16 numbers", () => {
  const stateOf = (stateBits: 32 | 8) =>
    plan([{ name: "w", shape: [256, 512] }], { optimizer: "sumo", lr: 1, rank: 64, stateBits }).stateBytes;
  expect(stateOf(8) / stateOf(32)).toBe(17 / 64);
});

test("a backend that cannot pack says so at once", () => {
  const { packed: _, ...sizes } = linalgSizes;
  const wish = () => plan([{ name: "w", shape: [8, 8] }], { optimizer: "sumo", lr: 1, stateBits: 8 }, { sizes });
  expect(wish).toThrow(/stateBits/);
});
