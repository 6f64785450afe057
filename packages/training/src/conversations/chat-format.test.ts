import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DataError, RunError } from "../errors.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { CHATML_MARKS, chatFormat } from "./chat-format.ts";

const FIXTURES = new URL("../../test/fixtures/published-tokenizers.json", import.meta.url);
const fixture: object = JSON.parse(readFileSync(FIXTURES, "utf8"))[0].file;
const [OPEN, CLOSE] = CHATML_MARKS as [string, string];
const tokenizer = createTokenizer([], [...CHATML_MARKS, "<s>", "</s>", "[/INST]"]);
const id = (name: string): number => tokenizer.special.get(name)!;
const TALK = [
  { role: "user", content: "1 + 1?" },
  { role: "assistant", content: "2" },
];
const INST =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ m.content + '[/INST]' }}{% elif m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}{% else %}{{ raise_exception('no ' + m.role) }}{% endif %}{% endfor %}";
const config = (entries: object): string => JSON.stringify(entries);

test("without a template, a vocabulary with ChatML's marks has ChatML", () => {
  const { render, template, ends, first, last } = chatFormat({}, tokenizer);
  expect(template).toBeDefined();
  expect(render(TALK, false)).toBe(`${OPEN}user\n1 + 1?${CLOSE}\n${OPEN}assistant\n2${CLOSE}\n`);
  expect(render(TALK.slice(0, 1), true)).toBe(`${OPEN}user\n1 + 1?${CLOSE}\n${OPEN}assistant\n`);
  expect([...ends]).toEqual([id(CLOSE)]);
  expect([first, last]).toEqual([undefined, CLOSE]);
});

test("the template of tokenizer_config.json, alone or among others; that of chat_template.jinja comes first", () => {
  const tokens = { bos_token: "<s>", eos_token: { content: "</s>", special: true } };
  const said = "<s>1 + 1?[/INST] 2</s>";
  for (const chat_template of [
    INST,
    [
      { name: "tools", template: "x" },
      { name: "default", template: INST },
    ],
  ]) {
    const format = chatFormat({ "tokenizer_config.json": config({ ...tokens, chat_template }) }, tokenizer);
    expect(format.render(TALK, false)).toBe(said);
    expect(format.last).toBe("</s>");
    expect([...format.ends]).toEqual([id("</s>")]);
  }
  const files = { "tokenizer_config.json": config({ ...tokens, chat_template: "x" }), "chat_template.jinja": INST };
  expect(chatFormat(files, tokenizer).render(TALK, false)).toBe(said);
});

test("a model says no more after its end of text, its end of a turn, and what generation_config.json names", () => {
  const files = {
    "tokenizer_config.json": config({ eos_token: "</s>" }),
    "generation_config.json": config({ eos_token_id: [id("<s>"), id("</s>")] }),
  };
  expect([...chatFormat(files, tokenizer).ends].sort()).toEqual([id(CLOSE), id("<s>"), id("</s>")].sort());
  const one = { "generation_config.json": config({ eos_token_id: id("<s>") }) };
  expect(chatFormat(one, tokenizer).ends.has(id("<s>"))).toBe(true);
});

test("a text begins with a token where the tokenizer says so", () => {
  const begun = (add: boolean) => ({ "tokenizer_config.json": config({ bos_token: "<s>", add_bos_token: add }) });
  expect(chatFormat(begun(true), tokenizer).first).toBe("<s>");
  expect(chatFormat(begun(false), tokenizer).first).toBeUndefined();
  const template = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<|end|>", type_id: 0 } }, { Sequence: {} }],
  };
  for (const post_processor of [template, { type: "Sequence", processors: [{ type: "ByteLevel" }, template] }]) {
    const published = parseTokenizer(JSON.stringify({ ...fixture, post_processor }), "t");
    expect(chatFormat({}, published).first).toBe("<|end|>");
    expect(chatFormat({ "tokenizer_config.json": config({ add_bos_token: false }) }, published).first).toBeUndefined();
  }
  expect(chatFormat({}, parseTokenizer(JSON.stringify(fixture), "t")).first).toBeUndefined();
});

test("what a template refuses is refused in its words; without one every conversation is", () => {
  const files = { "tokenizer_config.json": config({ chat_template: INST }) };
  const odd = [{ role: "tool", content: "" }];
  expect(() => chatFormat(files, tokenizer).render(odd, true)).toThrow(DataError);
  expect(() => chatFormat(files, tokenizer).render(odd, true)).toThrow("no tool");
  const bare = chatFormat({}, createTokenizer([]));
  expect(bare.template).toBeUndefined();
  expect(() => bare.render(TALK, true)).toThrow("has no chat template");
});

test.each([
  ["tokenizer_config.json", "{"],
  ["generation_config.json", "{"],
  ["chat_template.jinja", "{% for %}"],
])("a damaged %s is refused", (name, text) => {
  expect(() => chatFormat({ [name]: text }, tokenizer)).toThrow(RunError);
});
