import { expect, test } from "vitest";
import { createCorpus } from "./corpus.ts";
import { DataError } from "./errors.ts";
import { createTokenizer } from "./tokenizer.ts";

const byteTokenizer = createTokenizer([]);
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

test("the last tenth is held out, nothing is lost, nothing is in both parts", () => {
  const { train, validation, bytesPerToken } = createCorpus(bytes, byteTokenizer, 8);
  expect(validation.length).toBe(100);
  expect([...train, ...validation]).toEqual([...bytes]);
  expect(bytesPerToken).toBe(1);
});

test("a text is long enough when its held-out part holds one window and the token after it", () => {
  expect(() => createCorpus(bytes, byteTokenizer, 99)).not.toThrow();
  expect(() => createCorpus(bytes, byteTokenizer, 100)).toThrow(DataError);
  expect(() => createCorpus(bytes, byteTokenizer, 100)).toThrow("too short");
});
