import fc from "fast-check";
import { expect, test } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

const reserved = ["?", "<s>", "</s>", "x1", "x2", "x3"].map((piece) => [piece, 0] as const);
const scores = { "▁": -4, a: -3, b: -3.2, ab: -5, "▁a": -4.5, ba: -5.1, "▁ab": -6.5, aba: -7 };
const vocabulary = [...reserved, ...Object.entries(scores)];
const tokenizer = createTokenizer(vocabulary);

/** Log probability of the best segmentation, by exhaustive search. */
function bestScore(text: string): number {
  if (text === "") return 0;
  let best = Number.NEGATIVE_INFINITY;
  for (const [piece, score] of Object.entries(scores)) {
    if (text.startsWith(piece)) best = Math.max(best, score + bestScore(text.slice(piece.length)));
  }
  return best;
}

test("the pieces are the text, and no other segmentation is likelier", () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(words, (list) => {
      const text = list.join(" ");
      const pieces = tokenizer.pieces(tokenizer.encode(`  ${text} `));
      const marked = `▁${text.replaceAll(" ", "▁")}`;
      expect(pieces.join("")).toBe(marked);
      const score = pieces.reduce((sum, piece) => sum + scores[piece as keyof typeof scores], 0);
      expect(score).toBeCloseTo(bestScore(marked), 10);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("an unknown character is one unknown piece, and spoils nothing else", () => {
  expect(tokenizer.pieces(tokenizer.encode("ab€ab"))).toEqual(["▁ab", "?", "ab"]);
});
