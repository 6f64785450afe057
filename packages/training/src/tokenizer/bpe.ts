import { Heap } from "./heap.ts";
import { MOST_TOKENS, TokenChain } from "./token-chain.ts";
import { BYTES, bytesOf, type Merge, wordsOf } from "./tokenizer.ts";

/** A pair of adjacent tokens. */
interface Pair {
  /** Its `pairKey`. */
  readonly key: number;
  /** Occurrences in the text. */
  count: number;
  /** Positions in the chain of distinct words, ascending. Those where another merge came first are still listed. */
  readonly positions: number[];
}

/** A pair at the count that it had when it was queued. */
interface Candidate {
  readonly pair: Pair;
  readonly count: number;
}

/**
 * Learns byte-pair merges: repeatedly merges the most frequent pair of adjacent tokens within words into a new token
 * (Sennrich, Haddow and Birch 2016, algorithm 1, on bytes).
 *
 * @param pieces - of the text to learn from, cut between words.
 * @param size - size of the vocabulary, the 256 bytes included. It becomes smaller where no pair is left that occurs twice.
 * Deterministic: of equally frequent pairs the one with the lower tokens is merged first.
 * Cost: O(n log n) for n bytes in distinct words: a merge costs its occurrences, however long the words are.
 */
export function trainBpe(pieces: Iterable<Uint8Array>, size: number): Merge[] {
  const counts = new PairCounts(countWords(pieces));
  const merges: Merge[] = [];
  while (BYTES + merges.length < size) {
    const best = counts.mostFrequent();
    if (best === undefined || best.count < 2) break;
    counts.merge(best, BYTES + merges.length);
    merges.push([Math.floor(best.key / MOST_TOKENS), best.key % MOST_TOKENS]);
  }
  return merges;
}

function countWords(pieces: Iterable<Uint8Array>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const piece of pieces) {
    for (const word of wordsOf(piece)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** The pairs of the distinct words, each with its occurrences in the text, under the merges so far. */
class PairCounts {
  private readonly chain: TokenChain;
  /** Occurrences in the text of the word that a position belongs to. */
  private readonly weights: Float64Array;
  private readonly pairs = new Map<number, Pair>();
  private readonly queue = new Heap<Candidate>(
    (a, b) => a.count > b.count || (a.count === b.count && a.pair.key < b.pair.key),
  );

  constructor(words: ReadonlyMap<string, number>) {
    const text = [...words.keys()].join("");
    this.chain = new TokenChain(bytesOf(text));
    this.weights = new Float64Array(text.length);
    let start = 0;
    for (const [word, count] of words) {
      this.chain.cut(start);
      this.weights.fill(count, start, start + word.length);
      start += word.length;
    }
    for (let i = 0; i < text.length; i++) this.add(i);
    this.enqueue(this.pairs.values());
  }

  /** The pair of highest count. Counts only fall after a pair is queued: one that fell is queued again. */
  mostFrequent(): Pair | undefined {
    for (;;) {
      const candidate = this.queue.pop();
      if (candidate === undefined) return undefined;
      const { pair, count } = candidate;
      if (pair.count === count) return pair;
      if (pair.count > 0) this.queue.push({ pair, count: pair.count });
    }
  }

  /** Merges a pair everywhere, from the first position on. */
  merge({ key, positions }: Pair, merged: number): void {
    const { chain } = this;
    const made = new Set<Pair>();
    for (const position of positions) {
      if (chain.pairAt(position) !== key) continue; // another merge came first
      for (const start of [chain.previous(position), position, chain.next(position)]) this.subtract(start);
      chain.merge(position, merged);
      for (const start of [chain.previous(position), position]) {
        const pair = this.add(start);
        if (pair !== undefined) made.add(pair);
      }
    }
    this.enqueue(made);
  }

  /** Counts the pair that starts at a position. */
  private add(position: number): Pair | undefined {
    const key = this.chain.pairAt(position);
    if (key < 0) return undefined;
    let pair = this.pairs.get(key);
    if (pair === undefined) {
      pair = { key, count: 0, positions: [] };
      this.pairs.set(key, pair);
    }
    pair.count += this.weights[position]!;
    pair.positions.push(position);
    return pair;
  }

  private subtract(position: number): void {
    const pair = this.pairs.get(this.chain.pairAt(position));
    if (pair !== undefined) pair.count -= this.weights[position]!;
  }

  private enqueue(pairs: Iterable<Pair>): void {
    for (const pair of pairs) this.queue.push({ pair, count: pair.count });
  }
}
