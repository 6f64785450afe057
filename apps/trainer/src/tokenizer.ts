/** Two tokens that become one. The i-th merge of a list makes token 256 + i; tokens below 256 are bytes. */
export type Merge = readonly [left: number, right: number];

/** Bytes to tokens and back. Any bytes can be encoded, and decoding gives them back exactly. */
export interface Tokenizer {
  /** Number of different tokens; each is a whole number below it. */
  readonly size: number;
  readonly merges: readonly Merge[];
  encode(bytes: Uint8Array): Uint16Array;
  decode(tokens: ArrayLike<number>): Uint8Array;
}

/** As many arguments as every engine passes to a function. */
const CHUNK = 8192;

/** The number of bytes, and so of tokens before the first merge. */
export const BYTES = 256;

/** Tokens are 16-bit numbers. */
export const MOST_TOKENS = 65536;

/**
 * What merges never reach across: a run of letters (bytes of longer UTF-8 sequences count as such), of digits or of other marks, each with
 * at most one space before it; every other white space stands alone. All classes are sets of bytes, so that the rule is the same on text.
 */
const WORD = / ?[A-Za-z\x80-\xff]+| ?[0-9]+| ?[^ \t\n\rA-Za-z0-9\x80-\xff]+|[ \t\n\r]/g;

/** The words of a text, as strings of one character a byte. Together they are the text. */
export function* wordsOf(bytes: Uint8Array): Generator<string> {
  for (const [word] of latin1(bytes).matchAll(WORD)) yield word;
}

/** A tokenizer that applies `merges`, earlier ones first, within words. Without merges every byte is a token. */
export function createTokenizer(merges: readonly Merge[]): Tokenizer {
  const ranks = new Map(merges.map(([left, right], i) => [pairKey(left, right), i]));
  const pieces = spell(merges);
  return {
    size: BYTES + merges.length,
    merges,
    encode: (bytes) => (merges.length === 0 ? Uint16Array.from(bytes) : encodeWords(bytes, ranks)),
    decode: (tokens) => concatenate(Array.from(tokens, (token) => pieces[token]!)),
  };
}

/** A pair of tokens as one number. */
export function pairKey(left: number, right: number): number {
  return left * MOST_TOKENS + right;
}

/** The bytes that each token stands for. */
export function spell(merges: readonly Merge[]): Uint8Array[] {
  const pieces: Uint8Array[] = Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte));
  for (const [left, right] of merges) pieces.push(concatenate([pieces[left]!, pieces[right]!]));
  return pieces;
}

function encodeWords(bytes: Uint8Array, ranks: ReadonlyMap<number, number>): Uint16Array {
  const known = new Map<string, readonly number[]>();
  const out = new Uint16Array(bytes.length);
  let length = 0;
  for (const word of wordsOf(bytes)) {
    let tokens = known.get(word);
    if (tokens === undefined) {
      tokens = encodeWord(word, ranks);
      known.set(word, tokens);
    }
    for (const token of tokens) out[length++] = token;
  }
  return out.slice(0, length);
}

/** Merges the pair of lowest rank, wherever it stands, until no pair of neighbours has a merge. */
function encodeWord(word: string, ranks: ReadonlyMap<number, number>): readonly number[] {
  let tokens = Array.from(word, (character) => character.charCodeAt(0));
  for (;;) {
    let rank = Number.POSITIVE_INFINITY;
    for (let i = 1; i < tokens.length; i++)
      rank = Math.min(rank, ranks.get(pairKey(tokens[i - 1]!, tokens[i]!)) ?? rank);
    if (rank === Number.POSITIVE_INFINITY) return tokens;
    tokens = mergeTokens(tokens, ranks, rank);
  }
}

function mergeTokens(tokens: readonly number[], ranks: ReadonlyMap<number, number>, rank: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const found = i + 1 < tokens.length && ranks.get(pairKey(tokens[i]!, tokens[i + 1]!)) === rank;
    out.push(found ? BYTES + rank : tokens[i]!);
    if (found) i++;
  }
  return out;
}

/** One character a byte. `TextDecoder("latin1")` is another encoding in truth (windows-1252). */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += CHUNK) parts.push(String.fromCharCode(...bytes.subarray(i, i + CHUNK)));
  return parts.join("");
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
