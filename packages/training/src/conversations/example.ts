import { DataError } from "../errors.ts";

/** A message of a conversation. Its other keys are the chat template's. */
export interface Message {
  readonly role: string;
  readonly content: string;
}

/** A line of a `.jsonl` file to train on. */
export type Example =
  | { readonly text: string }
  | { readonly prompt: string; readonly completion: string }
  | { readonly messages: readonly Message[] };

/**
 * Parses a `.jsonl` file: one example a line, `text`, `prompt` and `completion`, or `messages`. Other keys are passed over, and so are empty
 * lines.
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
  const { text, prompt, completion, messages } = (json ?? {}) as Readonly<Record<string, unknown>>;
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
