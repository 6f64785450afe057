import { concatenate } from "../concatenate.ts";
import { Heap } from "./heap.ts";
import { type TokenArray, tokenArray } from "./token-array.ts";
import { pairKey, TokenChain } from "./token-chain.ts";

/** A byte-pair merge: two tokens that become one. The i-th merge of a list makes token 256 + i; tokens below 256 are bytes. */
export type Merge = readonly [left: number, right: number];

/** Place of a piece of text: the beginning, after a special token, or after other text, which ends where a word does. */
export type Before = "nothing" | "special" | "text";

/** A tokenizer: encodes bytes as tokens and decodes them. Decoding inverts encoding for any UTF-8 text; with merges learned here, for any bytes. */
export interface Tokenizer {
  /** Size of the vocabulary; tokens are integers below it. */
  readonly size: number;
  /** Whether texts are put into Unicode's composed form (NFC) before they are encoded; decoding gives that form. */
  readonly composes: boolean;
  /** Name of the special token that its file puts before every text, if it does. {@link encode} does not. */
  readonly first: string | undefined;
  /** Special tokens by name, e.g. marks of turns in a conversation. No text is encoded as them. */
  readonly special: ReadonlyMap<string, number>;
  /** Merges of a tokenizer that was learned here; empty for a published one. */
  readonly merges: readonly Merge[];
  /** The `tokenizer.json` of a published tokenizer, unchanged. */
  readonly file?: string;
  /** Encodes a text, or a part of one. @param before - its place: some published tokenizers put a space before a text. Default `"nothing"`. */
  encode(bytes: Uint8Array, before?: Before): TokenArray;
  /** The bytes of tokens; of those that only pad a model's vocabulary, none. */
  decode(tokens: ArrayLike<number>): Uint8Array;
  /** Whether a number below `size` is a token: the vocabularies of some published models have gaps. */
  has(token: number): boolean;
}

/** Number of arguments that every JavaScript engine passes to a function. */
const CHUNK = 8192;

/** Number of byte values, and so of tokens before the first merge. */
export const BYTES = 256;

/**
 * A word; no merge crosses its ends. It is a run of letters (bytes of longer UTF-8 sequences count as such), of digits or of other marks,
 * each with at most one space before it; every other white space is a word of its own. All classes are sets of bytes, so that the rule is the
 * same on text.
 */
const WORD = / ?[A-Za-z\x80-\xff]+| ?[0-9]+| ?[^ \t\n\rA-Za-z0-9\x80-\xff]+|[ \t\n\r]/g;

/** Splits a text into words, as strings of one character a byte. Concatenated they are the text. */
export function* wordsOf(bytes: Uint8Array): Generator<string> {
  for (const [word] of latin1(bytes).matchAll(WORD)) yield word;
}

/**
 * Creates a tokenizer that applies `merges`, earlier ones first, within words. Without merges every byte is a token.
 *
 * @param special - names of special tokens, which come after all others.
 */
export function createTokenizer(merges: readonly Merge[], special: readonly string[] = []): Tokenizer {
  const ranks = new Map(merges.map(([left, right], i) => [pairKey(left, right), i]));
  const learned = BYTES + merges.length;
  const pieces = [...spell(merges), ...special.map((name) => new TextEncoder().encode(name))];
  const { length: size } = pieces;
  const encodeWords = wordEncoder(size, (word) => mergeWord(bytesOf(word), ranks, (rank) => BYTES + rank));
  return {
    size,
    composes: false,
    first: undefined,
    special: new Map(special.map((name, i) => [name, learned + i])),
    merges,
    encode: (bytes) => (merges.length === 0 ? bytesAsTokens(size, bytes) : encodeWords(wordsOf(bytes))),
    decode: (tokens) => concatenate(Array.from(tokens, (token) => pieces[token] ?? new Uint8Array())),
    has: (token) => token in pieces,
  };
}

function bytesAsTokens(size: number, bytes: Uint8Array): TokenArray {
  const out = tokenArray(size, bytes.length);
  out.set(bytes);
  return out;
}

/** The bytes of each token. */
export function spell(merges: readonly Merge[]): Uint8Array[] {
  const pieces: Uint8Array[] = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
  for (const [left, right] of merges) pieces.push(concatenate([pieces[left]!, pieces[right]!]));
  return pieces;
}

/** Words whose tokens are kept. */
const MOST_WORDS = 2 ** 16;

/** Function that encodes words as tokens of a vocabulary of `size`. It keeps the tokens of the words that it has seen. */
export function wordEncoder(
  size: number,
  encode: (word: string) => readonly number[],
): (words: Iterable<string>) => TokenArray {
  const known = new Map<string, readonly number[]>();
  const tokensOf = (word: string): readonly number[] => {
    let tokens = known.get(word);
    if (tokens === undefined) {
      if (known.size === MOST_WORDS) known.clear();
      tokens = encode(word);
      known.set(word, tokens);
    }
    return tokens;
  };
  return (words) => {
    const parts = Array.from(words, tokensOf);
    const out = tokenArray(
      size,
      parts.reduce((sum, part) => sum + part.length, 0),
    );
    let at = 0;
    for (const part of parts) for (const token of part) out[at++] = token;
    return out;
  };
}

/**
 * Encodes one word: merges the adjacent pair of lowest rank, at all its positions, until no adjacent pair has a merge.
 *
 * @param ranks - ranks of merges by {@link pairKey}.
 * @param tokenOf - the token that a merge makes.
 * Cost: O(n log n) for a word of n tokens.
 */
export function mergeWord(
  tokens: ArrayLike<number>,
  ranks: ReadonlyMap<number, number>,
  tokenOf: (rank: number) => number,
): readonly number[] {
  const chain = new TokenChain(tokens);
  const positions = new Map<number, number[]>(); // by rank
  const queue = new Heap<number>((a, b) => a < b);
  const enqueue = (position: number): void => {
    const rank = ranks.get(chain.pairAt(position));
    if (rank === undefined) return;
    const known = positions.get(rank);
    if (known !== undefined) known.push(position);
    else {
      positions.set(rank, [position]);
      queue.push(rank);
    }
  };
  for (let i = 0; i < tokens.length; i++) enqueue(i);
  for (let rank = queue.pop(); rank !== undefined; rank = queue.pop()) {
    const found = Int32Array.from(positions.get(rank)!).sort();
    positions.delete(rank);
    for (const position of found) {
      if (ranks.get(chain.pairAt(position)) !== rank) continue; // another merge came first
      chain.merge(position, tokenOf(rank));
      enqueue(chain.previous(position));
      enqueue(position);
    }
  }
  return chain.toArray();
}

/** The bytes of a word as {@link wordsOf} has it. */
export function bytesOf(word: string): Uint8Array {
  const bytes = new Uint8Array(word.length);
  for (let i = 0; i < word.length; i++) bytes[i] = word.charCodeAt(i);
  return bytes;
}

/** Decodes bytes as Latin-1, one character a byte. `TextDecoder("latin1")` decodes windows-1252 instead. */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += CHUNK) parts.push(String.fromCharCode(...bytes.subarray(i, i + CHUNK)));
  return parts.join("");
}
