import { fillUniform } from "@sumo/linalg";
import { type Choice, chooseToken, type Decoder, type Llama, type WeightData } from "@sumo/llama";
import { DataError, RunError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { choiceOf } from "../training/sample-text.ts";
import type { ChatFormat } from "./chat-format.ts";
import { encodePrompt } from "./encode-example.ts";
import type { Message } from "./example.ts";

/** Stream of random numbers for replies, apart from those of batches and samples. */
const STREAM = 0x63686174; // "chat"

/** How a model replies. */
export interface ChatOptions extends Omit<Choice, "allowed"> {
  /** Tokens of a reply, at most. */
  readonly length: number;
  /** Tokens of the conversation, at most; the oldest turns are forgotten. At most the model's context. */
  readonly context: number;
  readonly seed: number;
}

/** A conversation with a model. Its decoder's cache is kept from turn to turn: only what is new is computed. */
export class Chat {
  /** What was said and is not forgotten. */
  readonly messages: Message[] = [];
  /** Messages that no longer fitted into the context. */
  forgotten = 0;
  private readonly tokenizer: Tokenizer;
  private readonly format: ChatFormat;
  private readonly options: ChatOptions;
  private readonly decoder: Decoder;
  /** Tokens in the decoder's cache. */
  private seen: number[] = [];
  private drawn = 0;

  /** @throws {RunError} if the model has no chat template. */
  constructor(model: Llama<WeightData>, tokenizer: Tokenizer, format: ChatFormat, options: ChatOptions) {
    if (format.template === undefined) {
      throw new RunError("the model has no chat template, so it cannot be talked to: --sample writes text with it");
    }
    this.tokenizer = tokenizer;
    this.format = format;
    this.options = options;
    this.decoder = model.createDecoder(options.context);
  }

  /**
   * Says something, and streams the reply in pieces of whole characters. It ends at a token that ends a turn, after `length` tokens, or where
   * the context is full. A reply of which not all pieces are taken is kept as far as it went.
   *
   * @throws {DataError} if the message alone is longer than the context, or the chat template refuses it: it is then not kept.
   */
  *say(content: string): Generator<string, void> {
    this.messages.push({ role: "user", content });
    const prompt = this.prompt();
    const decoder = new TextDecoder();
    let reply = "";
    try {
      for (const token of this.replyTo(prompt)) {
        const piece = decoder.decode(this.tokenizer.decode([token]), { stream: true });
        reply += piece;
        yield piece;
      }
      const rest = decoder.decode();
      reply += rest;
      yield rest;
    } finally {
      this.messages.push({ role: "assistant", content: reply });
    }
  }

  /** Releases the decoder's memory. */
  dispose(): void {
    this.decoder.dispose();
  }

  /** Tokens of the conversation, of which the oldest turns are forgotten until it leaves room for a reply. */
  private prompt(): number[] {
    const { context, length } = this.options;
    const room = Math.min(length, Math.ceil(context / 4));
    try {
      let tokens = encodePrompt(this.messages, this.format, this.tokenizer);
      while (tokens.length + room > context && this.messages.length > 1) {
        this.forgotten += this.messages.splice(0, 2).length; // a question and its answer
        tokens = encodePrompt(this.messages, this.format, this.tokenizer);
      }
      if (tokens.length < context) return tokens;
      throw new DataError(`the message has ${tokens.length} tokens, the context only ${context}`);
    } catch (error) {
      this.messages.pop();
      throw error;
    }
  }

  private *replyTo(prompt: readonly number[]): Generator<number, void> {
    const { decoder, options, tokenizer } = this;
    let same = prompt.findIndex((token, i) => token !== this.seen[i]);
    if (same < 0) same = prompt.length - 1; // the last token is fed again for its logits
    decoder.rewind(Math.min(same, decoder.position));
    this.seen = prompt.slice(0, decoder.position);
    let unread = prompt.slice(decoder.position);
    const uniform = new Float64Array(1);
    const choice = choiceOf(options, tokenizer);
    for (let i = 0; i < options.length && decoder.position + unread.length <= options.context; i++) {
      const logits = decoder.feed(Int32Array.from(unread));
      this.seen.push(...unread);
      fillUniform(uniform, [options.seed, STREAM, this.drawn++]);
      const token = chooseToken(logits, choice, uniform[0]!);
      if (this.format.ends.has(token)) return;
      yield token;
      unread = [token];
    }
  }
}
