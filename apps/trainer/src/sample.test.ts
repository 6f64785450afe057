import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseToken } from "./sample.ts";

const logits = Float32Array.from([0.5, 3, -1, 2.5, 2]);
const greedy = { temperature: 0 };

/** Shares in which tokens are chosen over a fine grid of random numbers. */
function shares(choice: Parameters<typeof chooseToken>[1], of = logits): number[] {
  const count = 20000;
  const out = Array.from(of, () => 0);
  for (let i = 0; i < count; i++) out[chooseToken(of, choice, (i + 0.5) / count)]! += 1 / count;
  return out;
}

function softmax(temperature: number, allowed: readonly number[]): number[] {
  const weights = Array.from(logits, (logit, i) => (allowed.includes(i) ? Math.exp(logit / temperature) : 0));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

test("temperature 0 takes the likeliest token, the first of equal ones", () => {
  expect(chooseToken(logits, greedy, 0.99)).toBe(1);
  expect(chooseToken(Float32Array.of(1, 2, 2), greedy, 0.5)).toBe(1);
});

test.each([
  ["temperature 1", { temperature: 1 }, [0, 1, 2, 3, 4]],
  ["temperature 0.5", { temperature: 0.5 }, [0, 1, 2, 3, 4]],
  ["the 2 likeliest", { temperature: 1, topK: 2 }, [1, 3]],
  ["more than there are", { temperature: 2, topK: 99 }, [0, 1, 2, 3, 4]],
  ["the likeliest that make up 0.7", { temperature: 1, topP: 0.7 }, [1, 3]],
  ["the likeliest of little probability", { temperature: 1, topP: 1e-9 }, [1]],
  ["both limits", { temperature: 1, topK: 3, topP: 0.99 }, [1, 3, 4]],
])("%s: tokens come in the softmax's shares", (_, choice, allowed) => {
  const wanted = softmax(choice.temperature, allowed);
  for (const [i, share] of shares(choice).entries())
    expect(Math.abs(share - wanted[i]!)).toBeLessThan(2 / 20000 + 1e-9);
});

test("any random number gives a token that is there", () => {
  const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const choice = fc.record({
    temperature: fc.double({ min: 0, max: 10, noNaN: true }),
    topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  const values = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(values, choice, uniform, (list, chosen, u) => {
      const token = chooseToken(Float32Array.from(list), chosen, u);
      expect(Number.isInteger(token) && token >= 0 && token < list.length).toBe(true);
    }),
    { seed: 1 },
  );
});
