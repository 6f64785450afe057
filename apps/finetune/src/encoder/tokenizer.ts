/** Number of reserved ids, which represent no text. */
const RESERVED = 6;
const UNKNOWN = 0;
/** Mark of the beginning of a word. */
const SPACE = "\u2581";

/** Splits text into its most probable pieces under a unigram model. */
export interface Tokenizer {
  encode(text: string): Int32Array;
  /** Looks up the pieces of ids. */
  pieces(ids: Int32Array): string[];
}

/**
 * Creates a tokenizer.
 *
 * @param vocabulary - pieces and their log probabilities.
 * @see Kudo, Subword regularization, arXiv 1804.10959 (2018), §3.2: the best segmentation, by Viterbi's algorithm.
 */
export function createTokenizer(vocabulary: readonly (readonly [piece: string, score: number])[]): Tokenizer {
  const known = new Map(vocabulary.slice(RESERVED).map(([piece, score], i) => [piece, { id: i + RESERVED, score }]));
  const longest = Math.max(...vocabulary.map(([piece]) => piece.length));
  // An unknown character must cost more than any piece.
  const unknownScore = 10 + Math.max(...vocabulary.map(([, score]) => -score));

  const encode = (text: string): Int32Array => {
    const characters = SPACE + text.normalize("NFKC").trim().replace(/\s+/g, SPACE);
    const best = [{ score: 0, from: 0, id: UNKNOWN }];
    for (let end = 1; end <= characters.length; end++) {
      let found = { score: best[end - 1]!.score - unknownScore, from: end - 1, id: UNKNOWN };
      for (let from = Math.max(0, end - longest); from < end; from++) {
        const piece = known.get(characters.slice(from, end));
        const score = piece && best[from]!.score + piece.score;
        if (score !== undefined && score > found.score) found = { score, from, id: piece!.id };
      }
      best.push(found);
    }
    const ids: number[] = [];
    for (let end = characters.length; end > 0; end = best[end]!.from) ids.push(best[end]!.id);
    return Int32Array.from(ids.reverse());
  };
  return { encode, pieces: (ids) => Array.from(ids, (id) => vocabulary[id]![0]) };
}
