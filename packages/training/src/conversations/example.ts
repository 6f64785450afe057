import { DataError } from "../errors.ts";

/** A message of a conversation. Its other keys are the chat template's. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** What a question may be answered with: the example's own completion or last reply, and wrong ones. */
type Options = readonly string[];

/** A line of a `.jsonl` file to train on. */
export type Example =
  | { readonly text: string }
  | { readonly prompt: string; readonly completion: string; readonly options?: Options }
  | { readonly messages: readonly Message[]; readonly options?: Options };

/**
 * Parses a `.jsonl` file: one example a line, `text`, `prompt` and `completion`, or `messages`; the last two may have `options`. Other keys are
 * passed over, and so are empty lines.
 *
 * @param path - for messages.
 * @throws {DataError} that names the first line that is none.
 */
export function parseExamples(text: string, path: string): Example[] {
  const examples: Example[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() !== "") examples.push(parseExample(line, `data: ${path}: line ${i + 1}`));
  }
  if (examples.length === 0) throw new DataError(`data: ${path} is empty`);
  return examples;
}

function parseExample(line: string, place: string): Example {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new DataError(`${place} is not JSON`, { cause });
  }
  const { options, ...record } = (json ?? {}) as Readonly<Record<string, unknown>>;
  const example = exampleOf(record, place);
  if (options === undefined || options === null || "text" in example) return example;
  if (!isChoice(options, answerOf(example))) {
    throw new DataError(
      `${place}: options are a list of different texts, one of them the completion or the last reply`,
    );
  }
  return { ...example, options };
}

function exampleOf({ text, prompt, completion, messages }: Readonly<Record<string, unknown>>, place: string): Example {
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return { messages };
  if (messages !== undefined)
    throw new DataError(`${place}: messages are a list of { role, content }, with text in both`);
  if (typeof prompt === "string" && typeof completion === "string") return { prompt, completion };
  if (typeof text === "string") return { text };
  throw new DataError(`${place} has neither messages, nor prompt and completion, nor text`);
}

function isMessage(value: unknown): value is Message {
  const { role, content } = (value ?? {}) as Partial<Message>;
  return typeof role === "string" && typeof content === "string";
}

function isChoice(options: unknown, answer: string | undefined): options is Options {
  if (!Array.isArray(options) || !options.every((option) => typeof option === "string")) return false;
  return options.length > 1 && new Set(options).size === options.length && options.includes(answer!);
}

/** The completion or the last reply of an example; `undefined` if it has none. */
export function answerOf(example: Example): string | undefined {
  if ("prompt" in example) return example.completion;
  return "messages" in example ? example.messages.findLast(isReply)?.content : undefined;
}

/** An example with another completion or last reply. */
export function withAnswer(example: Example, answer: string): Example {
  if ("prompt" in example) return { ...example, completion: answer };
  if ("text" in example) return example;
  const last = example.messages.findLastIndex(isReply);
  return { messages: example.messages.map((message, i) => (i === last ? { ...message, content: answer } : message)) };
}

const isReply = ({ role }: Message): boolean => role === "assistant";
