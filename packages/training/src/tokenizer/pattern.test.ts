import fc from "fast-check";
import { expect, test } from "vitest";
import { toRegExp } from "./pattern.ts";

/** What a pattern matches, one after another. */
const matches = (pattern: string, text: string): string[] => Array.from(text.matchAll(toRegExp(pattern)!), ([m]) => m);

test("a group that ignores case takes both cases of each letter, and what folds to it", () => {
  const text = "it's IT'S it'\u017f he'll HE'Ll 'x";
  expect(matches("(?i:'s|'ll)", text)).toEqual(["'s", "'S", "'\u017f", "'ll", "'Ll"]);
  expect(matches("(?i:k)", "kK\u212ax")).toEqual(["k", "K", "\u212a"]);
  expect(matches("(?i:a)b", "ab Ab aB AB")).toEqual(["ab", "Ab"]); // the case of the rest counts
});

test("white space is Unicode's", () => {
  const text = "a \u0085\u00a0\u3000\ufeffb";
  expect(matches("\\s+", text)).toEqual([" \u0085\u00a0\u3000"]);
  expect(matches("\\S+", text)).toEqual(["a", "\ufeffb"]);
  expect(matches("[^\\s\\p{L}]+", text)).toEqual(["\ufeff"]);
  expect(matches("\\\\s", "\\s s")).toEqual(["\\s"]); // an escaped backslash
});

test("a pattern without either is JavaScript's own", () => {
  const piece = fc.constantFrom("\\p{L}+", "[0-9]", " ?x", "(?:a|b)", "\\n", "(?!c)", "\\\\");
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
      const pattern = pieces.join("");
      expect(toRegExp(pattern)!.source).toBe(new RegExp(pattern, "gu").source);
    }),
    { seed: 1 },
  );
});

test.each(["(", "(?i)a", "\\h", "(?>a)"])("%s has no counterpart", (pattern) => {
  expect(toRegExp(pattern)).toBeUndefined();
});
