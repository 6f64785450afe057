import { DataError } from "../errors.ts";
import type { TrainOptions } from "../options/train-options.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { ChatFormat } from "./chat-format.ts";
import type { Example, Message } from "./example.ts";
import { MarkedText } from "./marked-text.ts";

/** What of an example is trained on: replies and completions, or all of it. */
export type LossPart = NonNullable<TrainOptions["loss"]>;

/** An example as tokens. */
export interface EncodedExample {
  readonly tokens: Int32Array;
  /** Whether the model learns to predict a token. */
  readonly trained: Uint8Array;
}

/** A text with the spans, in characters, that are completions. */
interface Spanned {
  readonly text: string;
  readonly spans: readonly (readonly [from: number, to: number])[];
}

/**
 * Encodes an example. Special tokens come from the chat template alone: their names in what people wrote are text.
 *
 * @returns one sequence; one for every reply where the template writes earlier turns otherwise once more follow; none without a reply.
 * @throws {DataError} if the template refuses the conversation, or writes a reply otherwise than it asks for one.
 */
export function encodeExample(
  example: Example,
  format: ChatFormat,
  tokenizer: Tokenizer,
  loss: LossPart,
): EncodedExample[] {
  const marked = new MarkedText(tokenizer, writtenIn(example));
  const guarded = (text: string): string => marked.guarded(text);
  const { first = "", last = "" } = format;
  if ("text" in example) {
    const text = guarded(example.text);
    return [tokensOf(marked, { text: first + text + last, spans: [[first.length, Number.POSITIVE_INFINITY]] }, loss)];
  }
  if ("prompt" in example) {
    const prompt = first + guarded(example.prompt);
    const text = prompt + guarded(example.completion) + last;
    return [tokensOf(marked, { text, spans: [[prompt.length, text.length]] }, loss)];
  }
  const messages = example.messages.map((message) => guardedMessage(message, guarded));
  return spannedTexts(messages, format).map((spanned) => tokensOf(marked, spanned, loss));
}

/** Tokens of a conversation that asks for a reply. */
export function encodePrompt(messages: readonly Message[], format: ChatFormat, tokenizer: Tokenizer): number[] {
  const marked = new MarkedText(tokenizer, writtenIn({ messages }));
  const text = format.render(
    messages.map((message) => guardedMessage(message, (written) => marked.guarded(written))),
    true,
  );
  return marked.encode(text).map(({ token }) => token);
}

function writtenIn(example: Example): string[] {
  if ("messages" in example) return example.messages.flatMap(stringsOf);
  return "prompt" in example ? [example.prompt, example.completion] : [example.text];
}

const stringsOf = (message: Message): string[] => Object.values(message).filter((value) => typeof value === "string");

function guardedMessage(message: Message, guarded: (text: string) => string): Message {
  const entries = Object.entries(message).map(([key, value]) => [
    key,
    typeof value === "string" ? guarded(value) : value,
  ]);
  return Object.fromEntries(entries) as Message;
}

/** A conversation as the template writes it, up to its last reply, with its replies as spans. */
function spannedTexts(messages: readonly Message[], format: ChatFormat): Spanned[] {
  const replies = [...messages.keys()].filter((i) => messages[i]!.role === "assistant");
  const turns = replies.map((i) => {
    const written = format.render(messages.slice(0, i + 1), false);
    const prompt = format.render(messages.slice(0, i), true);
    if (!written.startsWith(prompt)) {
      throw new DataError(
        "the chat template writes a reply otherwise than it asks for one: give it prompt and completion",
      );
    }
    const text = upToEnd(written, prompt.length, format);
    return { text, span: [prompt.length, text.length] as const };
  });
  const whole = turns.at(-1)?.text;
  if (whole === undefined) return [];
  if (turns.every(({ text }) => whole.startsWith(text))) {
    return [{ text: whole, spans: turns.map(({ span }) => span) }];
  }
  return turns.map(({ text, span }) => ({ text, spans: [span] }));
}

/** A text up to the end of the reply that begins at `from`: after its first token that ends a turn, where there is one. */
function upToEnd(text: string, from: number, { endNames }: ChatFormat): string {
  const ends = endNames.map((name) => [text.indexOf(name, from), name.length] as const).filter(([at]) => at >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends.map(([at, length]) => at + length)));
}

function tokensOf(marked: MarkedText, { text, spans }: Spanned, loss: LossPart): EncodedExample {
  const bytesTo = (at: number): number => new TextEncoder().encode(marked.plain(text.slice(0, at))).length;
  const bytes = spans.map(([from, to]) => [bytesTo(from), bytesTo(to)] as const);
  const placed = marked.encode(text);
  const isTrained = (end: number): boolean => loss === "all" || bytes.some(([from, to]) => end > from && end <= to);
  return {
    tokens: Int32Array.from(placed, ({ token }) => token),
    trained: Uint8Array.from(placed, ({ end }) => (isTrained(end) ? 1 : 0)),
  };
}
