import { BYTES, type Merge, pairKey, wordsOf } from "./tokenizer.ts";

/** A distinct word of the text: its number of occurrences, and its tokens under the merges so far. */
interface Word {
  readonly count: number;
  tokens: number[];
}

/** A pair of adjacent tokens: its number of occurrences, and the words that contain it (or did once). */
interface Pair {
  readonly merge: Merge;
  count: number;
  readonly words: Set<Word>;
}

/**
 * Learns byte-pair merges: repeatedly merges the most frequent pair of adjacent tokens within words into a new token
 * (Sennrich, Haddow and Birch 2016, algorithm 1, on bytes).
 *
 * @param bytes - the text to learn from.
 * @param size - size of the vocabulary, the 256 bytes included. It becomes smaller where no pair is left that occurs twice.
 * Deterministic: of equally frequent pairs the one with the lower tokens is merged first.
 * Cost: one pass over the text, then for each merge one over the pairs and one over the words that contain the merged pair.
 */
export function trainBpe(bytes: Uint8Array, size: number): Merge[] {
  const pairs = new Map<number, Pair>();
  for (const word of countWords(bytes)) countPairs(pairs, word, 1);
  const merges: Merge[] = [];
  while (BYTES + merges.length < size) {
    const best = mostFrequent(pairs);
    if (best === undefined) break;
    for (const word of best.words) {
      countPairs(pairs, word, -1);
      word.tokens = replacePair(word.tokens, best.merge, BYTES + merges.length);
      countPairs(pairs, word, 1);
    }
    merges.push(best.merge);
  }
  return merges;
}

function countWords(bytes: Uint8Array): Word[] {
  const counts = new Map<string, number>();
  for (const word of wordsOf(bytes)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Array.from(counts, ([word, count]) => ({ count, tokens: Array.from(word, (byte) => byte.charCodeAt(0)) }));
}

/** Adds a word's pairs to the counts, or subtracts them. */
function countPairs(pairs: Map<number, Pair>, word: Word, sign: 1 | -1): void {
  const { tokens, count } = word;
  for (let i = 1; i < tokens.length; i++) {
    const merge: Merge = [tokens[i - 1]!, tokens[i]!];
    const key = pairKey(...merge);
    let pair = pairs.get(key);
    if (pair === undefined) {
      pair = { merge, count: 0, words: new Set() };
      pairs.set(key, pair);
    }
    pair.count += sign * count;
    if (sign > 0) pair.words.add(word);
    else if (pair.count === 0) pairs.delete(key);
  }
}

function mostFrequent(pairs: ReadonlyMap<number, Pair>): Pair | undefined {
  let best: Pair | undefined;
  let bestKey = 0;
  for (const [key, pair] of pairs) {
    if (pair.count < 2 || (best !== undefined && pair.count < best.count)) continue;
    if (best !== undefined && pair.count === best.count && key > bestKey) continue;
    best = pair;
    bestKey = key;
  }
  return best;
}

function replacePair(tokens: readonly number[], [left, right]: Merge, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const found = tokens[i] === left && tokens[i + 1] === right;
    out.push(found ? merged : tokens[i]!);
    if (found) i++;
  }
  return out;
}
