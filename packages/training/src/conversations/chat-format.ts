import { DataError, RunError } from "../errors.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { Message } from "./example.ts";
import { Template } from "./template.ts";

/** Texts of the files that come with a model, by name. */
export type ModelFiles = Readonly<Record<string, string | undefined>>;

/** Marks of ChatML, which many vocabularies have. */
export const CHATML_MARKS: readonly string[] = ["<|im_start|>", "<|im_end|>"];

/** ChatML, for a vocabulary that has its marks where no template came with the model. */
const CHATML = `
{%- for message in messages -%}
{{ '<|im_start|>' ~ message.role ~ '\n' ~ message.content ~ '<|im_end|>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\n' }}
{%- endif -%}`;

/** Form in which a model reads conversations: its chat template, and the tokens that begin and end a text. */
export interface ChatFormat {
  /** Writes a conversation as the template has it. @param reply - ask for a reply at the end. @throws {DataError} if the template refuses it. */
  render(messages: readonly Message[], reply: boolean): string;
  /** The template's text, if there is one. */
  readonly template: string | undefined;
  /** Name of the token that begins every text, if one does. */
  readonly first: string | undefined;
  /** Name of the token that ends a text, if the model has one. */
  readonly last: string | undefined;
  /** Tokens after which the model says no more, and their names. */
  readonly ends: ReadonlySet<number>;
  readonly endNames: readonly string[];
}

/**
 * The chat format of a model: the template of `chat_template.jinja` or `tokenizer_config.json`, or ChatML where the vocabulary has its marks.
 *
 * @param files - `chat_template.jinja`, `tokenizer_config.json` and `generation_config.json`, where there are such.
 * @throws {RunError} if a file is damaged.
 */
export function chatFormat(files: ModelFiles, tokenizer: Tokenizer): ChatFormat {
  const config = parse(files, "tokenizer_config.json");
  const known = (value: unknown): string | undefined => {
    const name = typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
    return typeof name === "string" && tokenizer.special.has(name) ? name : undefined;
  };
  const [bos, eos] = [known(config["bos_token"]), known(config["eos_token"])];
  const source = files["chat_template.jinja"] ?? templateOf(config["chat_template"]);
  const hasMarks = CHATML_MARKS.every((mark) => tokenizer.special.has(mark));
  const text = source ?? (hasMarks ? CHATML : undefined);
  const template = parseTemplate(text);
  const render = (messages: readonly Message[], reply: boolean): string => {
    if (template === undefined)
      throw new DataError("the model has no chat template: give it prompt and completion, or text");
    try {
      return template.render({ messages, add_generation_prompt: reply, bos_token: bos ?? "", eos_token: eos ?? "" });
    } catch (cause) {
      throw new DataError(`the chat template refuses a conversation: ${(cause as Error).message}`, { cause });
    }
  };
  const ends = new Set(idsOf(parse(files, "generation_config.json")["eos_token_id"]));
  if (eos !== undefined) ends.add(tokenizer.special.get(eos)!);
  const turn = template === undefined ? undefined : endOfTurn(render, tokenizer);
  if (turn !== undefined) ends.add(turn);
  const endNames = [...tokenizer.special].filter(([, id]) => ends.has(id)).map(([name]) => name);
  const adds = config["add_bos_token"];
  const first = adds === true ? bos : adds === false ? undefined : tokenizer.first;
  const last = eos ?? (source === undefined && hasMarks ? CHATML_MARKS[1] : undefined);
  return { render, template: text, first, last, ends, endNames };
}

/** The special token that the template writes after a reply. */
function endOfTurn(render: ChatFormat["render"], { special }: Tokenizer): number | undefined {
  const reply = "reply";
  const text = render(
    [
      { role: "user", content: "question" },
      { role: "assistant", content: reply },
    ],
    false,
  );
  const after = text.slice(text.lastIndexOf(reply) + reply.length).trimStart();
  const name = [...special.keys()].filter((each) => after.startsWith(each)).sort((a, b) => b.length - a.length)[0];
  return name === undefined ? undefined : special.get(name);
}

/** A template, or the one that is called `default` in a list of them. */
function templateOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return typeof value === "string" ? value : undefined;
  const entry = (value as ({ name?: unknown; template?: unknown } | null)[]).find((each) => each?.name === "default");
  return typeof entry?.template === "string" ? entry.template : undefined;
}

function parseTemplate(source: string | undefined): Template | undefined {
  if (source === undefined) return undefined;
  try {
    return new Template(source);
  } catch (cause) {
    throw new RunError(`the chat template cannot be read: ${(cause as Error).message}`, { cause });
  }
}

const idsOf = (value: unknown): readonly number[] =>
  [value].flat().filter((id): id is number => typeof id === "number" && Number.isSafeInteger(id));

function parse(files: ModelFiles, name: string): Readonly<Record<string, unknown>> {
  const text = files[name];
  if (text === undefined) return {};
  try {
    return (JSON.parse(text) as Readonly<Record<string, unknown>> | null) ?? {};
  } catch (cause) {
    throw new RunError(`${name} is not JSON`, { cause });
  }
}
