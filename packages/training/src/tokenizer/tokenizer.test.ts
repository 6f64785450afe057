import fc from "fast-check";
import { expect, test } from "vitest";
import { RunError } from "../errors.ts";
import { trainBpe } from "./bpe.ts";
import { createTokenizer, wordsOf } from "./tokenizer.ts";
import { formatTokenizer, parseTokenizer } from "./tokenizer-file.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const TEXT = "the cat sat on the mat; the café's cat sat: 1999, 2000\n\n".repeat(20);
const trained = createTokenizer(trainBpe([encode(TEXT)], 300));
const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."theca ts1;\n") }));

test("a token that pads a model's vocabulary decodes to nothing", () => {
  expect([...createTokenizer([[97, 98]]).decode([99, 257, 256, 5000])]).toEqual([99, 97, 98]);
});

test("what is decoded is what was encoded, for any bytes, with and without merges", () => {
  for (const tokenizer of [createTokenizer([]), trained]) {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), anyText.map(encode)), (bytes) => {
        const tokens = tokenizer.encode(bytes);
        expect([...tokenizer.decode(tokens)]).toEqual([...bytes]);
        expect(tokens.every((token) => token < tokenizer.size)).toBe(true);
      }),
      { seed: 1 },
    );
  }
});

test("the words of a text are the text, and mean the same on characters as on bytes", () => {
  const pattern = / ?[A-Za-z\u0080-\u{10ffff}]+| ?[0-9]+| ?[^ \t\n\rA-Za-z0-9\u0080-\u{10ffff}]+|[ \t\n\r]/gu;
  fc.assert(
    fc.property(anyText, (text) => {
      const words = [...wordsOf(encode(text))].map((word) => Buffer.from(word, "latin1").toString());
      const whole = Buffer.from(encode(text)).toString(); // lone surrogates are replaced
      expect(words).toEqual(whole.match(pattern) ?? []);
      expect(words.join("")).toBe(whole);
    }),
    { seed: 1 },
  );
});

test("merges by hand: the most frequent pair first, the lower one of two", () => {
  // Pairs: ab 3 (in abc, abc, ab), bc 2; then (ab)c 2; nothing else occurs twice.
  expect(trainBpe([encode("abc\nabc\nab\nxy")], 300)).toEqual([
    [97, 98],
    [256, 99],
  ]);
  expect(trainBpe([encode("cd\nab\ncd\nab")], 257)).toEqual([[97, 98]]);
  expect(trainBpe([encode("aaaa\naaaa")], 300)).toEqual([
    [97, 97],
    [256, 256],
  ]);
  expect(trainBpe([new Uint8Array()], 300)).toEqual([]);
});

/** The definition, slowly: count every pair of the whole text anew for each merge. */
function slowBpe(text: string, size: number): { merges: [number, number][]; tokens: number[] } {
  const words = [...wordsOf(encode(text))].map((word) => Array.from(word, (c) => c.charCodeAt(0)));
  const merges: [number, number][] = [];
  while (256 + merges.length < size) {
    const counts = new Map<string, number>();
    for (const word of words)
      for (let i = 1; i < word.length; i++) {
        const key = `${word[i - 1]},${word[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    const order = [...counts].map(([key, count]) => [...key.split(",").map(Number), count] as [number, number, number]);
    const best = order.sort((a, b) => b[2] - a[2] || a[0] - b[0] || a[1] - b[1])[0];
    if (best === undefined || best[2] < 2) break;
    for (const word of words)
      for (let i = 1; i < word.length; i++) {
        if (word[i - 1] === best[0] && word[i] === best[1]) word.splice(i - 1, 2, 256 + merges.length);
      }
    merges.push([best[0], best[1]]);
  }
  return { merges, tokens: words.flat() };
}

test("merges are those of the definition, and encoding applies them as training did", () => {
  const text = fc
    .array(fc.constantFrom("ab", "aab", "ba", "bab", " a", " ab", "b"), { maxLength: 40 })
    .map((list) => list.join("\n"));
  fc.assert(
    fc.property(text, (sample) => {
      const { merges, tokens } = slowBpe(sample, 262);
      expect(trainBpe([encode(sample)], 262)).toEqual(merges);
      expect([...createTokenizer(merges).encode(encode(sample))]).toEqual(tokens);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("merges are those of the definition in a text without a blank, too", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."aab鲸海"), maxLength: 120 }), (sample) => {
      const { merges, tokens } = slowBpe(sample, 290);
      expect(trainBpe([encode(sample)], 290)).toEqual(merges);
      expect([...createTokenizer(merges).encode(encode(sample))]).toEqual(tokens);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a word of a million bytes is learned from and encoded in seconds", () => {
  const sea = Array.from({ length: 150_000 }, (_, i) => ["海", "鲸", "船", "帆"][(i * i * 7 + (i >> 3)) % 4]).join("");
  const bytes = encode(sea + "a".repeat(600_000)); // one that has many tokens, and one that has the same all over
  const start = performance.now();
  const tokenizer = createTokenizer(trainBpe([bytes], 1024));
  expect([...tokenizer.decode(tokenizer.encode(bytes))].length).toBe(bytes.length);
  expect(performance.now() - start).toBeLessThan(30_000); // a pass over the word for each merge takes minutes
}, 60_000);

test("merges shorten a text of their kind", () => {
  expect(trained.size).toBeGreaterThan(270);
  expect(trained.encode(encode(TEXT)).length).toBeLessThan(encode(TEXT).length / 2.5);
});

test("a tokenizer file gives the tokenizer back, and a foreign or damaged one is refused", () => {
  const file = formatTokenizer(trained);
  expect(parseTokenizer(file, "t").merges).toEqual(trained.merges);
  expect(parseTokenizer(formatTokenizer(createTokenizer([])), "t").size).toBe(256);
  expect(Object.keys(JSON.parse(file).model.vocab)).toHaveLength(trained.size);
  const change = (from: string, to: string): string => {
    expect(file).toContain(from);
    return file.replace(from, to);
  };
  for (const bad of [
    "",
    "null",
    "[]",
    "{}",
    change("Isolated", "Removed"),
    change('"merges"', '"mergers"'),
    change('"a f"', '"a q"'),
    change(": 279", ": 1"),
  ]) {
    expect(() => parseTokenizer(bad, "t")).toThrow(RunError);
  }
});
