import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RunError } from "../errors.ts";
import { formatTokenizer, parseTokenizer } from "./tokenizer-file.ts";

interface Fixture {
  readonly kind: string;
  readonly file: { readonly model: Record<string, unknown> };
  readonly samples: readonly { readonly text: string; readonly tokens: readonly number[] }[];
}

const fixtures = JSON.parse(
  readFileSync(new URL("../../test/fixtures/published-tokenizers.json", import.meta.url), "utf8"),
) as Fixture[];
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each(fixtures)(
  "$kind: the tokens are those of Hugging Face's implementation, and decode to the text",
  ({ file, samples }) => {
    const text = JSON.stringify(file);
    const tokenizer = parseTokenizer(text, "t");
    expect(formatTokenizer(tokenizer)).toBe(text);
    for (const sample of samples) {
      const tokens = tokenizer.encode(encode(sample.text));
      expect([...tokens]).toEqual(sample.tokens);
      const decoded = new TextDecoder().decode(tokenizer.decode(tokens));
      const known = tokenizer.composes ? sample.text.normalize("NFC") : sample.text;
      expect(decoded === known || decoded === ` ${known}`).toBe(true); // SentencePiece puts a space first
      expect(tokens.every((token) => token < tokenizer.size)).toBe(true);
    }
  },
);

test("a vocabulary of more than 65,536 tokens is encoded whole, and merged as a small one is", () => {
  const { file, samples } = fixtures[0]!;
  const { vocab } = file.model as { readonly vocab: Readonly<Record<string, number>> };
  const wide = 150_000;
  const moved = Object.fromEntries(Object.entries(vocab).map(([piece, token]) => [piece, token + wide]));
  const filling = Object.fromEntries(Array.from({ length: wide }, (_, i) => [`\u4e00${i}`, i]));
  const tokenizer = parseTokenizer(
    JSON.stringify({ ...file, added_tokens: [], model: { ...file.model, vocab: { ...filling, ...moved } } }),
    "t",
  );
  expect(tokenizer.size).toBe(wide + Object.keys(vocab).length);
  for (const { text, tokens } of samples) {
    const got = tokenizer.encode(encode(text));
    expect([...got]).toEqual(tokens.map((token) => token + wide));
    expect(new TextDecoder().decode(tokenizer.decode(got))).toBe(text);
  }
});

test.each([
  ["a WordPiece tokenizer", (file: Fixture["file"]) => ({ ...file, model: { ...file.model, type: "WordPiece" } })],
  ["the normalizer NFKC", (file: Fixture["file"]) => ({ ...file, normalizer: { type: "NFKC" } })],
  [
    "the pre-tokenizer Whitespace",
    (file: Fixture["file"]) => ({
      ...file,
      pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Whitespace" }, { type: "ByteLevel" }] },
    }),
  ],
  [
    "add_prefix_space after another step",
    (file: Fixture["file"]) => ({
      ...file,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "Digits" }, { type: "ByteLevel", add_prefix_space: true }],
      },
    }),
  ],
  ["the merge", (file: Fixture["file"]) => ({ ...file, model: { ...file.model, merges: ["ab zq"] } })],
])("%s is refused by name", (what, change) => {
  expect(() => parseTokenizer(JSON.stringify(change(fixtures[0]!.file)), "t")).toThrow(RunError);
  expect(() => parseTokenizer(JSON.stringify(change(fixtures[0]!.file)), "t")).toThrow(what);
});
