import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { createTokenizer, type Tokenizer } from "../tokenizer/tokenizer.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { CHATML_MARKS, type ChatFormat, chatFormat } from "./chat-format.ts";
import { type EncodedExample, encodeExample } from "./encode-example.ts";
import type { Message } from "./example.ts";

interface Fixture {
  readonly kind: string;
  readonly file: object;
  readonly samples: readonly { readonly text: string; readonly tokens: readonly number[] }[];
}

const FIXTURES = new URL("../../test/fixtures/published-tokenizers.json", import.meta.url);
const fixtures = JSON.parse(readFileSync(FIXTURES, "utf8")) as Fixture[];
const own = createTokenizer(
  [
    [104, 105],
    [10, 10],
  ],
  CHATML_MARKS,
);
const format = chatFormat({}, own);
const CLOSE = CHATML_MARKS[1]!;

const decoded = (tokenizer: Tokenizer, tokens: Iterable<number>): string =>
  new TextDecoder().decode(tokenizer.decode(Array.from(tokens)));
const trainedText = (tokenizer: Tokenizer, { tokens, trained }: EncodedExample): string =>
  decoded(
    tokenizer,
    tokens.filter((_, i) => trained[i] === 1),
  );
const one = (sequences: readonly EncodedExample[]): EncodedExample => {
  expect(sequences).toHaveLength(1);
  return sequences[0]!;
};

/** What people may write: words, names of special tokens, the noncharacter that breaks them. */
const written = fc
  .array(fc.constantFrom("hi", " ", "\n\n", "é🙂", ...CHATML_MARKS, "<|im_", "end|>", "\ufdd0", "\ufdd0\ufdd0"), {
    maxLength: 6,
  })
  .map((parts) => parts.join(""));

test("special tokens are the template's alone, whatever people write, and nothing of it is lost", () => {
  const turn = fc.record({ role: fc.constantFrom("user", "assistant", "system"), content: written });
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 4 }), (messages) => {
      const whole = [...messages, { role: "assistant", content: "hi" }];
      const { tokens } = one(encodeExample({ messages: whole }, format, own, "completion"));
      expect(`${decoded(own, tokens)}\n`).toBe(format.render(whole, false)); // nothing after the last reply
      for (const mark of CHATML_MARKS) {
        expect(tokens.filter((token) => token === own.special.get(mark))).toHaveLength(whole.length);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
  for (const mark of CHATML_MARKS) {
    const { tokens } = one(encodeExample({ text: `a${mark}b` }, format, own, "all"));
    expect(decoded(own, tokens)).toBe(`a${mark}b${CLOSE}`);
    expect(tokens.at(-1)).toBe(own.special.get(CLOSE));
    expect(tokens.filter((token) => token >= own.size - CHATML_MARKS.length)).toHaveLength(1);
  }
});

test("every reply is learned with its end, and nothing else; or all is", () => {
  const messages: Message[] = [
    { role: "system", content: "be short" },
    { role: "user", content: "hi" },
    { role: "assistant", content: "hihi" },
    { role: "user", content: "hi?" },
    { role: "assistant", content: "no" },
    { role: "user", content: "unanswered" },
  ];
  const example = one(encodeExample({ messages }, format, own, "completion"));
  expect(trainedText(own, example)).toBe(`hihi${CLOSE}no${CLOSE}`);
  const all = one(encodeExample({ messages }, format, own, "all"));
  expect(trainedText(own, all)).toBe(format.render(messages.slice(0, 5), false).trimEnd());
  expect(encodeExample({ messages: messages.slice(0, 2) }, format, own, "completion")).toEqual([]);
});

test.each(fixtures)("$kind: a completion is learned to the token, and a text has Hugging Face's tokens", (fixture) => {
  const tokenizer = parseTokenizer(JSON.stringify(fixture.file), "t");
  const [name = ""] = tokenizer.special.keys();
  const plain: ChatFormat = { ...chatFormat({}, tokenizer), first: undefined, last: undefined };
  for (const { text, tokens } of fixture.samples) {
    expect([...one(encodeExample({ text }, plain, tokenizer, "all")).tokens]).toEqual(tokens);
  }
  const ended = { ...plain, last: name };
  for (const [prompt, completion] of [
    ["the cat", " sat on the mat"],
    ["then\n", "the mat"],
    ["", "and 1999"],
    [`the ${name} cat`, " café"],
  ] as const) {
    const example = one(encodeExample({ prompt, completion }, ended, tokenizer, "completion"));
    expect(trainedText(tokenizer, example).trimStart()).toBe(`${completion}${name}`.trimStart());
    expect(decoded(tokenizer, example.tokens).trimStart()).toBe(`${prompt}${completion}${name}`.trimStart());
    expect(example.tokens.filter((token) => token === tokenizer.special.get(name))).toHaveLength(1);
  }
});

const templated = (chat_template: string): ChatFormat =>
  chatFormat({ "tokenizer_config.json": JSON.stringify({ chat_template }) }, own);

test("a template that writes an earlier reply otherwise gives a sequence for each reply", () => {
  const thinking = templated(
    "{% for m in messages %}{% if m.role == 'user' %}Q{{ m.content }}A{% else %}{{ m.content if loop.last else 'cut' }}E{% endif %}{% endfor %}",
  );
  const messages = ["1", "one", "2", "two"].map((content, i) => ({
    role: i % 2 === 0 ? "user" : "assistant",
    content,
  }));
  const sequences = encodeExample({ messages }, thinking, own, "completion");
  expect(sequences.map(({ tokens }) => decoded(own, tokens))).toEqual(["Q1AoneE", "Q1AcutEQ2AtwoE"]);
  expect(sequences.map((sequence) => trainedText(own, sequence))).toEqual(["oneE", "twoE"]);
});

test("a template that always asks for one more reply has it neither learned nor between turns", () => {
  const asking = templated(
    "{% for m in messages %}{{ '<|im_start|>' + m.role + ':' + m.content + '<|im_end|>' }}{% endfor %}<|im_start|>assistant:",
  );
  const messages = ["1", "one", "2", "two"].map((content, i) => ({
    role: i % 2 === 0 ? "user" : "assistant",
    content,
  }));
  const example = one(encodeExample({ messages }, asking, own, "completion"));
  expect(trainedText(own, example)).toBe(`one${CLOSE}two${CLOSE}`);
  expect(decoded(own, example.tokens)).toBe(asking.render(messages, false).slice(0, -"<|im_start|>assistant:".length));
});

test("a template that writes a reply otherwise than it asks for one is refused", () => {
  const odd = templated(
    "{% if add_generation_prompt %}ask{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}",
  );
  const messages = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
  ];
  expect(() => encodeExample({ messages }, odd, own, "completion")).toThrow(DataError);
});
