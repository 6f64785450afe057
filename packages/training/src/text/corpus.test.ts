import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { createCorpus } from "./corpus.ts";

const byteTokenizer = createTokenizer([]);
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 127);

test("the last tenth is held out, nothing is lost, nothing is in both parts", () => {
  const { train, validation, bytesPerToken } = createCorpus(bytes, byteTokenizer, 8);
  expect(validation.length).toBe(100);
  expect([...train, ...validation]).toEqual([...bytes]);
  expect(bytesPerToken).toBe(1);
});

test("no character is cut in two", () => {
  for (let extra = 0; extra < 12; extra++) {
    const text = "é日🙂".repeat(30) + "x".repeat(extra);
    const { train, validation } = createCorpus(new TextEncoder().encode(text), byteTokenizer, 2);
    const decode = (tokens: ArrayLike<number>): string =>
      new TextDecoder("utf-8", { fatal: true }).decode(byteTokenizer.decode(tokens));
    expect(decode(train) + decode(validation)).toBe(text);
  }
});

test("a text is long enough when its held-out part holds one window and the token after it", () => {
  expect(() => createCorpus(bytes, byteTokenizer, 99)).not.toThrow();
  expect(() => createCorpus(bytes, byteTokenizer, 100)).toThrow(DataError);
  expect(() => createCorpus(bytes, byteTokenizer, 100)).toThrow("too short");
});
