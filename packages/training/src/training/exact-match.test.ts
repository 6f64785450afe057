import { chooseToken, createLlama } from "@sumo/llama";
import { expect, test } from "vitest";
import { exactMatch } from "./exact-match.ts";

const CONTEXT = 24;
const model = createLlama({ dim: 16, layers: 1, heads: 2, context: CONTEXT, vocabSize: 50 }, { seed: 3 });

/** What the model writes by itself, always taking the likeliest token. */
function greedy(prompt: Int32Array, length: number): Int32Array {
  const decoder = model.createDecoder();
  let logits = decoder.feed(prompt);
  const out = Int32Array.from({ length }, () => {
    const token = chooseToken(logits, { temperature: 0 }, 0);
    logits = decoder.feed(Int32Array.of(token));
    return token;
  });
  decoder.dispose();
  return out;
}

test("a share counts the answers that are what the model writes, and only these", () => {
  const prompts = [[1, 2, 3], [7], [9, 9, 4, 30], [12, 5]].map((tokens) => Int32Array.from(tokens));
  const answers = prompts.map((prompt, i) => {
    const answer = greedy(prompt, 6);
    if (i % 2 === 1) answer[i === 1 ? 0 : 5]! += 1; // the first, and the last token are others
    return { prompt, answer };
  });
  const before = model.engine.heap.usedBytes;
  expect(exactMatch(model, answers, { count: 9, context: CONTEXT })).toBe(0.5);
  expect(exactMatch(model, answers, { count: 1, context: CONTEXT })).toBe(1); // the first
  expect(model.engine.heap.usedBytes).toBe(before);
});
