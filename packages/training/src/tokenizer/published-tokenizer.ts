import { concatenate } from "../concatenate.ts";
import { RunError } from "../errors.ts";
import { spellBytes, unspellBytes } from "./byte-spelling.ts";
import { MOST_TOKENS, pairKey } from "./token-chain.ts";
import { mergeWord, type Tokenizer, wordEncoder } from "./tokenizer.ts";
import { wordSplitter } from "./word-splitter.ts";

/** The fields of a published `tokenizer.json` that encoding needs. */
interface PublishedFile {
  readonly post_processor?: PostProcessor | null;
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
  readonly model: {
    readonly type?: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
    readonly byte_fallback?: boolean;
    readonly ignore_merges?: boolean;
  };
}

/** What a file does with the tokens of a text. */
interface PostProcessor {
  readonly type: string;
  readonly processors?: readonly PostProcessor[];
  /** Of a template: the text, and special tokens around it. */
  readonly single?: readonly { readonly SpecialToken?: { readonly id: string } }[];
}

/**
 * Creates the tokenizer of a published LLaMA: byte-level byte-pair encoding (GPT-2, LLaMA 3, SmolLM), or byte-pair encoding on characters with
 * byte fallback and ▁ for a space (LLaMA 1 and 2). Text is never encoded as special tokens.
 *
 * @param json - the parsed file. @param text - the file. @param path - for messages.
 * @throws {RunError} for any other kind.
 */
export function publishedTokenizer(json: unknown, text: string, path: string): Tokenizer {
  const refuse = (what: string): never => {
    throw new RunError(`${path}: ${what} is not supported`);
  };
  const { model, added_tokens: added = [] } = json as PublishedFile;
  if (model.type !== undefined && model.type !== "BPE") refuse(`a ${model.type} tokenizer`);
  const pieces = piecesOf(model.vocab, added);
  if (pieces.length > MOST_TOKENS) refuse(`a vocabulary of ${pieces.length} tokens`);
  const { kind, composes, split } = wordSplitter(json, refuse);
  const symbols = kind === "bytes" ? byteSymbols(model.vocab, refuse) : characterSymbols(model, refuse);
  const { ranks, made } = readMerges(model, refuse);
  const encodeWords = wordEncoder(pieces.length, (word) => {
    const whole = model.ignore_merges === true ? model.vocab[word] : undefined;
    return whole === undefined ? mergeWord(symbols(word), ranks, (rank) => made[rank]!) : [whole];
  });
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // U+FEFF is text
  const spelled = pieces.map(kind === "bytes" ? unspelled : unmarked);
  return {
    size: pieces.length,
    composes,
    first: firstOf((json as PublishedFile).post_processor),
    special: new Map(added.map(({ id, content }) => [content, id])),
    merges: [],
    file: text,
    encode: (bytes, before = "nothing") => {
      const text = decoder.decode(bytes);
      return encodeWords(split(composes ? text.normalize("NFC") : text, before));
    },
    decode: (tokens) => concatenate(Array.from(tokens, (token) => spelled[token] ?? new Uint8Array())),
    has: (token) => (pieces[token] ?? "") !== "",
  };
}

/** The special token that a template puts before a text. */
function firstOf(processor: PostProcessor | null | undefined): string | undefined {
  const all = [processor ?? { type: "" }, ...(processor?.processors ?? [])];
  return all.find(({ type }) => type === "TemplateProcessing")?.single?.[0]?.SpecialToken?.id;
}

/** The vocabulary's pieces by token. */
function piecesOf(
  vocab: Readonly<Record<string, number>>,
  added: readonly { id: number; content: string }[],
): string[] {
  const pieces: string[] = [];
  for (const [piece, token] of Object.entries(vocab)) pieces[token] = piece;
  for (const { id, content } of added) pieces[id] = content;
  return Array.from(pieces, (piece) => piece ?? "");
}

type Refuse = (what: string) => never;
type Symbols = (word: string) => readonly number[];

/** Initial tokens of a word in byte-level encoding: one a byte. */
function byteSymbols(vocab: Readonly<Record<string, number>>, refuse: Refuse): Symbols {
  const bytes = Array.from({ length: 256 }, (_, byte) => spellBytes(Uint8Array.of(byte)));
  if (bytes.some((byte) => vocab[byte] === undefined)) refuse("a byte-level vocabulary without all bytes");
  return (word) => Array.from(word, (character) => vocab[character]!);
}

/** Initial tokens of a word on characters: one a character, or one a byte where the vocabulary lacks the character. */
function characterSymbols({ vocab, byte_fallback: fallback }: PublishedFile["model"], refuse: Refuse): Symbols {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => vocab[`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`],
  );
  if (fallback !== true || bytes.some((token) => token === undefined))
    refuse("a character vocabulary without all bytes");
  const encoder = new TextEncoder();
  return (word) =>
    Array.from(word).flatMap(
      (character) => vocab[character] ?? Array.from(encoder.encode(character), (byte) => bytes[byte]!),
    );
}

/** The rank of each pair, and the token that each rank makes. */
function readMerges(
  { vocab, merges }: PublishedFile["model"],
  refuse: Refuse,
): { ranks: Map<number, number>; made: number[] } {
  const ranks = new Map<number, number>();
  const made = merges.map((merge, rank) => {
    const [left = "", right = ""] = typeof merge === "string" ? merge.split(" ") : merge;
    const [a, b, both] = [vocab[left], vocab[right], vocab[left + right]];
    if (a === undefined || b === undefined || both === undefined) return refuse(`the merge ${JSON.stringify(merge)}`);
    ranks.set(pairKey(a, b), rank);
    return both;
  });
  return { ranks, made };
}

/** The bytes of a piece in byte-level encoding; special tokens decode to their names. */
function unspelled(piece: string): Uint8Array {
  return unspellBytes(piece) ?? new TextEncoder().encode(piece);
}

/** The bytes of a piece with ▁ for spaces, or the one byte of a fallback piece such as `<0x0A>`. */
function unmarked(piece: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return byte === undefined
    ? new TextEncoder().encode(piece.replaceAll("▁", " "))
    : Uint8Array.of(Number.parseInt(byte, 16));
}
