import { createWasmEngine } from "@sumo/linalg";
import { createLlama, type Llama, llamaConfig } from "@sumo/llama";
import { describe, expect, test } from "vitest";
import { DataError, RunError } from "../errors.ts";
import { createTokenizer } from "../tokenizer/tokenizer.ts";
import { sampleText } from "../training/sample-text.ts";
import { Chat, type ChatOptions } from "./chat.ts";
import { CHATML_MARKS, chatFormat } from "./chat-format.ts";
import { encodePrompt } from "./encode-example.ts";

const tokenizer = createTokenizer([], CHATML_MARKS);
const format = chatFormat({}, tokenizer);
const END = tokenizer.special.get(CHATML_MARKS[1]!)!;
/** Wider than its vocabulary, as many published models are. */
const config = llamaConfig({ vocabSize: tokenizer.size + 62, dim: 16, layers: 2, heads: 2, context: 160 });
const OPTIONS: ChatOptions = { temperature: 0, length: 9, context: 160, seed: 3 };

/** A random model, and the tokens that its decoders are fed. */
function observed(): { model: Llama; fed: number[][] } {
  const model = createLlama(config, { engine: createWasmEngine({ bytes: 2 ** 26 }), seed: 7 });
  const fed: number[][] = [];
  const createDecoder = (capacity?: number) => {
    const decoder = model.createDecoder(capacity);
    const feed = (tokens: Int32Array) => {
      fed.push([...tokens]);
      return decoder.feed(tokens);
    };
    return {
      ...decoder,
      feed,
      get position() {
        return decoder.position;
      },
    };
  };
  return { model: { ...model, createDecoder }, fed };
}
const said = (chat: Chat, content: string): string => [...chat.say(content)].join("");

describe("a conversation", () => {
  test("goes on as if all of it were read anew, but reads only what is new", () => {
    const { model, fed } = observed();
    const chat = new Chat(model, tokenizer, format, OPTIONS);
    said(chat, "hi");
    fed.length = 0;
    const second = said(chat, "and you?");
    expect(fed[0]!.length).toBeLessThan(80);

    const again = observed();
    const anew = new Chat(again.model, tokenizer, format, OPTIONS);
    anew.messages.push(...chat.messages.slice(0, 2));
    expect(said(anew, "and you?")).toBe(second);
    expect(again.fed[0]!).toEqual(encodePrompt(chat.messages.slice(0, 3), format, tokenizer));
    expect(again.fed[0]!.length).toBeGreaterThan(fed[0]!.length);
  });

  test("a reply ends with the token that ends a turn, which is not said, or after its length", () => {
    const { model } = observed();
    const chat = new Chat(model, tokenizer, { ...format, ends: new Set() }, OPTIONS);
    const whole = [...tokenizer.encode(new TextEncoder().encode(said(chat, "hi")))];
    expect(whole.length).toBeGreaterThan(0);
    const ends = new Set(Array.from({ length: 256 }, (_, token) => token));
    const silent = new Chat(
      observed().model,
      tokenizer,
      { ...format, ends: new Set([...ends, ...format.ends]) },
      OPTIONS,
    );
    expect(said(silent, "hi")).toBe("");
    expect(silent.messages).toEqual([
      { role: "user", content: "hi" },
      { role: "assistant", content: "" },
    ]);
  });

  test("the oldest turns are forgotten, and a message that is too long alone is refused and not kept", () => {
    const { model } = observed();
    const chat = new Chat(model, tokenizer, format, OPTIONS);
    for (let i = 0; i < 6; i++) said(chat, `message ${i}, of some length`);
    expect(chat.forgotten).toBeGreaterThan(0);
    expect(chat.forgotten % 2).toBe(0);
    expect(chat.messages[0]!.role).toBe("user");
    const before = [...chat.messages];
    expect(() => said(chat, "x".repeat(200))).toThrow(DataError);
    expect(() => said(chat, "x".repeat(200))).toThrow("the context only 160");
    expect(chat.messages.length).toBeLessThanOrEqual(before.length);
    expect(said(chat, "go on")).toBeTypeOf("string");
  });

  test("a reply that is stopped is kept as far as it went", () => {
    const chat = new Chat(observed().model, tokenizer, { ...format, ends: new Set() }, OPTIONS);
    const pieces = chat.say("hi");
    const first = [pieces.next().value, pieces.next().value].join("");
    pieces.return();
    expect(chat.messages.at(-1)).toEqual({ role: "assistant", content: first });
    expect(said(chat, "again")).toBeTypeOf("string");
  });

  test("without a chat template there is none", () => {
    const bare = createTokenizer([]);
    expect(() => new Chat(observed().model, bare, chatFormat({}, bare), OPTIONS)).toThrow(RunError);
  });
});

test("no token is chosen that the tokenizer lacks, in a chat or a sample, however hot", () => {
  const seen: number[] = [];
  const watched = {
    ...tokenizer,
    decode: (tokens: ArrayLike<number>) => {
      seen.push(...Array.from(tokens));
      return tokenizer.decode(tokens);
    },
  };
  const { model } = observed();
  const hot = { temperature: 50, length: 100 };
  const chat = new Chat(model, watched, { ...format, ends: new Set([END]) }, { ...OPTIONS, ...hot, context: 160 });
  for (let i = 0; i < 3; i++) said(chat, "hi");
  for (const _ of sampleText(model, watched, { ...hot, prompt: "hi" }, 1));
  expect(seen.length).toBeGreaterThan(150);
  expect(Math.max(...seen)).toBeLessThan(tokenizer.size);
});
