import { chatFormat, formatTokenizer, RunError, type Tokenizer } from "@sumo/training";
import type { GgufMetadata } from "./gguf-header.ts";

/** The fields of a `tokenizer.json` that go into a GGUF file. */
interface TokenizerFile {
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
  readonly pre_tokenizer?: Step | null;
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly string[])[];
  };
}

interface Step {
  readonly type: string;
  readonly pretokenizers?: readonly Step[];
  readonly pattern?: { readonly Regex?: string };
  readonly use_regex?: boolean;
}

/** llama.cpp's types of tokens. */
const TYPES = { normal: 1, control: 3, added: 4, unused: 5 } as const;

/** Patterns of words by llama.cpp's name of the rule. */
const words = (digits: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const PATTERNS: Readonly<Record<string, string>> = {
  [words("\\p{N}{1,3}")]: "llama-bpe",
  [words("\\p{N}")]: "qwen2",
};

/**
 * A tokenizer, and the template of conversations, under llama.cpp's names.
 *
 * @param size - tokens of the model, which may be more than the tokenizer's.
 * @param companions - files that came with the model.
 * @throws {RunError} if llama.cpp does not split text into words as this tokenizer does.
 */
export function tokenizerMetadata(
  tokenizer: Tokenizer,
  size: number,
  companions: Readonly<Record<string, Uint8Array>>,
): GgufMetadata {
  const file = JSON.parse(formatTokenizer(tokenizer)) as TokenizerFile;
  const rule = ruleOf(tokenizer, file);
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types: number[] = tokens.map(() => TYPES.unused);
  const set = (id: number, text: string, type: number): void => {
    tokens[id] = text;
    types[id] = type;
  };
  for (const [text, id] of Object.entries(file.model.vocab)) set(id, text, TYPES.normal);
  for (const { id, content, special = false } of file.added_tokens ?? []) {
    set(id, content, special ? TYPES.control : TYPES.added);
  }
  const merges = file.model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  const texts = Object.fromEntries(Object.entries(companions).map(([name, bytes]) => [name, textOf(bytes)]));
  const { first, last, ends, template } = chatFormat(texts, tokenizer);
  const end = last === undefined ? [...ends][0] : tokenizer.special.get(last);
  return {
    "tokenizer.ggml.model": { text: "gpt2" },
    "tokenizer.ggml.pre": { text: rule },
    "tokenizer.ggml.tokens": { texts: tokens },
    "tokenizer.ggml.token_type": { integers: types },
    "tokenizer.ggml.merges": { texts: merges },
    "tokenizer.ggml.add_bos_token": { flag: first !== undefined },
    ...(first !== undefined && { "tokenizer.ggml.bos_token_id": { count: tokenizer.special.get(first)! } }),
    ...(end !== undefined && { "tokenizer.ggml.eos_token_id": { count: end } }),
    ...(template !== undefined && { "tokenizer.chat_template": { text: template } }),
  };
}

/** llama.cpp's name of the rule by which a tokenizer splits text into words. */
function ruleOf({ file, merges }: Tokenizer, { pre_tokenizer }: TokenizerFile): string {
  // Tokens that are bytes do not depend on words.
  if (file === undefined && merges.length === 0) return "gpt-2";
  const steps = [pre_tokenizer ?? { type: "none" }].flatMap((step) => step.pretokenizers ?? [step]);
  const patterns = steps.flatMap(({ pattern }) => pattern?.Regex ?? []);
  const isByteLevel = steps.some(({ type }) => type === "ByteLevel");
  const isPlain = steps.every(
    ({ type, use_regex }) => type === "Digits" || (type === "ByteLevel" && use_regex !== false),
  );
  const named = patterns.length === 1 ? PATTERNS[patterns[0]!] : undefined;
  const plain = steps.some(({ type }) => type === "Digits") ? "smollm" : "gpt-2";
  const rule = isPlain ? plain : named;
  if (isByteLevel && rule !== undefined) return rule;
  throw new RunError(
    "llama.cpp splits text into words as Llama 3, Qwen2, SmolLM or GPT-2 does, and this tokenizer does not: export a folder instead",
  );
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
