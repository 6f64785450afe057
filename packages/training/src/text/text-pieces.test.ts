import { readFileSync } from "node:fs";
import { bytesFile } from "@sumo/llama";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { trainBpe } from "../tokenizer/bpe.ts";
import { createTokenizer, type Tokenizer } from "../tokenizer/tokenizer.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { encodePieces, textPieces, trainingBytes } from "./text-pieces.ts";

const fixtures: { kind: string; file: { pre_tokenizer: unknown } }[] = JSON.parse(
  readFileSync(new URL("../../test/fixtures/published-tokenizers.json", import.meta.url), "utf8"),
);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const sample = "The whale's 42 ribs, l'été, два кита\n\n  spouted: 鯨 is 2 words!  \r\n\tAnd then.\n".repeat(3);
const prefixed = fixtures.slice(0, 1).map(({ kind, file }) => ({
  kind: `${kind}, with a space before a text`,
  file: JSON.parse(JSON.stringify(file).replaceAll('"add_prefix_space":false', '"add_prefix_space":true')),
}));
const tokenizers: readonly (readonly [string, Tokenizer])[] = [
  ["bytes", createTokenizer([])],
  ["learned", createTokenizer(trainBpe([bytesOf(sample)], 300))],
  ...[...fixtures, ...prefixed].map(({ kind, file }) => [kind, parseTokenizer(JSON.stringify(file), kind)] as const),
];
/** Texts of words, marks, digits and white space of every kind. */
const texts = fc
  .array(
    fc.constantFrom(
      "whale",
      " ",
      "  ",
      "\n",
      "\n\n",
      "\t",
      "42",
      "l'été",
      "кит",
      "鯨",
      "🐋",
      "'s",
      ".",
      ",",
      "!?",
      "▁",
    ),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(""));
const pieces = (bytes: Uint8Array, size: number): Uint8Array[] => [
  ...textPieces(bytesFile(bytes), 0, bytes.length, size),
];

describe.each(tokenizers)("%s", (_, tokenizer) => {
  test("the tokens of pieces that end with a word are those of the whole", () => {
    let compared = 0;
    const check = (text: string, size: number): void => {
      const bytes = bytesOf(text);
      const parts = pieces(bytes, size);
      const decode = (part: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(part);
      if (parts.slice(1).some((part) => !decode(part).startsWith(" "))) return; // one was cut elsewhere
      compared += parts.length - 1;
      const tokens = [...encodePieces(parts, tokenizer)].flatMap((part) => [...part.tokens]);
      expect(tokens).toEqual([...tokenizer.encode(bytes)]);
    };
    for (let size = 20; size < 60; size++) check(sample, size);
    fc.assert(fc.property(texts, fc.integer({ min: 12, max: 80 }), check), { seed: 1, numRuns: 300 });
    expect(compared).toBeGreaterThan(200);
  });
});

test("pieces are the text, none is longer than asked, and none ends within a character", () => {
  fc.assert(
    fc.property(texts, fc.integer({ min: 4, max: 50 }), (text, size) => {
      const parts = pieces(bytesOf(text), size);
      const decoder = new TextDecoder("utf-8", { fatal: true });
      expect(parts.map((part) => decoder.decode(part)).join("")).toBe(text);
      for (const part of parts) expect(part.length > 0 && part.length <= size).toBe(true);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("a word without an end is cut, and so are bytes that are no text", () => {
  expect(pieces(new Uint8Array(100), 30).map(({ length }) => length)).toEqual([29, 29, 29, 13]);
  expect(pieces(new Uint8Array(10).fill(0x80), 4).reduce((sum, { length }) => sum + length, 0)).toBe(10);
});

test("the training part is nine tenths, cut between characters", () => {
  for (let extra = 0; extra < 12; extra++) {
    for (const text of ["é日🙂".repeat(30) + "x".repeat(extra), "x".repeat(extra), "🙂".repeat(extra)]) {
      const bytes = bytesOf(text);
      const cut = trainingBytes(bytesFile(bytes));
      expect(Math.abs(cut - 0.9 * bytes.length)).toBeLessThan(4);
      expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, cut))).not.toThrow();
    }
  }
});
