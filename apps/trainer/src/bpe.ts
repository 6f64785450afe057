import { BYTES, type Merge, pairKey, wordsOf } from "./tokenizer.ts";

/** A distinct word of the text: how often it occurs, and its tokens under the merges so far. */
interface Word {
  readonly count: number;
  tokens: number[];
}

/** A pair of neighbours: how often it occurs, and which words hold it (or held it once). */
interface Pair {
  readonly merge: Merge;
  count: number;
  readonly words: Set<Word>;
}

/**
 * Learns byte-pair merges: again and again the most frequent pair of neighbours within words becomes a token
 * (Sennrich, Haddow and Birch 2016, algorithm 1, on bytes).
 *
 * @param bytes - the text to learn from.
 * @param size - tokens wanted in all, the 256 bytes included. Fewer come out where no pair is left that occurs twice.
 * Deterministic: of equally frequent pairs the one of the lower tokens is taken.
 * Cost: once over the text, then for each merge once over the pairs and over the words that hold the merged one.
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

/** Adds a word's pairs to the counts, or takes them away. */
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
