import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError, InputError } from "../errors.ts";
import { type Choice, chooseToken } from "./choose-token.ts";

const logits = Float32Array.of(0.5, 3, -1, 2.5, 2);
const GRID = 4000;

/** Frequency of each token over a fine grid of random numbers. */
function shares(choice: Choice): number[] {
  const out = Array.from(logits, () => 0);
  for (let i = 0; i < GRID; i++) out[chooseToken(logits, choice, (i + 0.5) / GRID)]! += 1 / GRID;
  return out;
}

function softmax(temperature: number, allowed: readonly number[]): number[] {
  const weights = Array.from(logits, (logit, i) => (allowed.includes(i) ? Math.exp(logit / temperature) : 0));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

test("temperature 0 takes the likeliest token, the first of equal ones", () => {
  expect(chooseToken(logits, { temperature: 0 }, 0.99)).toBe(1);
  expect(chooseToken(Float32Array.of(1, 2, 2), { temperature: 0 }, 0.5)).toBe(1);
});

test.each<readonly [string, Choice, readonly number[]]>([
  ["the whole softmax", {}, [0, 1, 2, 3, 4]],
  ["temperature 0.5", { temperature: 0.5 }, [0, 1, 2, 3, 4]],
  ["the two likeliest", { topK: 2 }, [1, 3]],
  ["more than there are", { temperature: 2, topK: 99 }, [0, 1, 2, 3, 4]],
  ["the likeliest that make up 0.7", { topP: 0.7 }, [1, 3]],
  ["a sliver still leaves one", { topP: 1e-9 }, [1]],
  ["both limits", { topK: 3, topP: 0.99 }, [1, 3, 4]],
  ["those that are allowed", { allowed: (token) => token !== 1 }, [0, 2, 3, 4]],
  ["the two likeliest of those", { topK: 2, allowed: (token) => token % 2 === 0 }, [0, 4]],
])("%s: tokens come in the softmax's shares", (_, choice, allowed) => {
  const want = softmax(choice.temperature ?? 1, allowed);
  // A grid of n points misses a share by at most 1/n at either end of its interval.
  shares(choice).forEach((share, i) => {
    expect(Math.abs(share - want[i]!)).toBeLessThanOrEqual(2 / GRID);
  });
});

test("any random number gives a token that is there", () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const choice = fc.record({
    temperature: fc.double({ min: 0, max: 10, noNaN: true }),
    topK: fc.integer({ min: 1, max: 9 }),
    topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  const values = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(values, choice, unit, (list, chosen, u) => {
      const token = chooseToken(Float32Array.from(list), chosen, u);
      expect(Number.isInteger(token) && token >= 0 && token < list.length).toBe(true);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("refuses options out of range and logits that say nothing", () => {
  for (const bad of [
    { temperature: -1 },
    { temperature: Number.NaN },
    { topK: 0 },
    { topK: 1.5 },
    { topP: 0 },
    { topP: 2 },
  ]) {
    expect(() => chooseToken(logits, bad, 0.5)).toThrow(ConfigError);
  }
  expect(() => chooseToken(Float32Array.of(1, Number.NaN), {}, 0.5)).toThrow(InputError);
  expect(() => chooseToken(new Float32Array(0), {}, 0.5)).toThrow(InputError);
  expect(() => chooseToken(logits, { allowed: () => false }, 0.5)).toThrow(InputError);
});
