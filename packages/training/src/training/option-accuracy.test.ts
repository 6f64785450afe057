import { createLlama } from "@sumo/llama";
import { expect, test } from "vitest";
import { emptyBatch } from "../text/batches.ts";
import type { Answer, Choice } from "../text/sequences.ts";
import { optionAccuracy } from "./option-accuracy.ts";

const CONTEXT = 24;
const model = createLlama({ dim: 16, layers: 1, heads: 2, context: CONTEXT, vocabSize: 50 }, { seed: 3 });

/** Loss of an answer alone, by a forward pass over all of its tokens at once. */
function lossOf({ prompt, answer }: Answer): number {
  const batch = emptyBatch({ batch: 1, length: CONTEXT });
  batch.targets.fill(-1);
  batch.tokens.set([...prompt, ...answer.slice(0, -1)]);
  batch.targets.set(answer, prompt.length - 1);
  const pass = model.createPass(1, CONTEXT);
  const loss = pass.loss(batch.tokens, batch.targets, batch.positions);
  pass.dispose();
  return loss;
}

const question = (i: number): Choice => {
  const tokens = (length: number, seed: number): Int32Array =>
    Int32Array.from({ length }, (_, k) => (7 * i + 11 * k + 13 * seed + k * k * seed) % 50);
  const prompt = tokens(1 + (i % 9), 0);
  const other = i % 3 === 0 ? prompt.map((token, k) => (k === prompt.length - 1 ? (token + 1) % 50 : token)) : prompt;
  const options = [3, 1, 6, 2].map((length, k) => ({
    prompt: k === 2 ? other : prompt,
    answer: tokens(length, k + 1),
  }));
  return { options, right: i % 4 };
};

test("an option is chosen if the model's loss on it is lower than on the others", () => {
  const choices = Array.from({ length: 40 }, (_, i) => question(i));
  const isRight = ({ options, right }: Choice): boolean => {
    const losses = options.map(lossOf);
    return losses.indexOf(Math.min(...losses)) === right;
  };
  const want = choices.filter(isRight).length / 40;
  const before = model.engine.heap.usedBytes;
  const share = optionAccuracy(model, choices, { count: 100, context: CONTEXT });
  expect(share).toBe(want);
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(1);
  expect(optionAccuracy(model, choices, { count: 1, context: CONTEXT })).toBe(isRight(choices[0]!) ? 1 : 0);
  expect(model.engine.heap.usedBytes).toBe(before);
});

test("of options that are equally likely none is chosen", () => {
  const answer = Int32Array.of(4, 5);
  const options = [1, 1].map((token) => ({ prompt: Int32Array.of(token), answer }));
  expect(optionAccuracy(model, [{ options, right: 0 }], { count: 1, context: CONTEXT })).toBe(0);
});
