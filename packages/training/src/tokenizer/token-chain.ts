/** Largest vocabulary. */
export const MOST_TOKENS = 1_048_576;

/** Key of a pair of tokens. */
export function pairKey(left: number, right: number): number {
  return left * MOST_TOKENS + right;
}

/** A linked sequence of tokens: merging two neighbours takes constant time. Positions are those of the original sequence. */
export class TokenChain {
  private readonly tokens: Int32Array;
  private readonly following: Int32Array;
  private readonly preceding: Int32Array;

  constructor(tokens: ArrayLike<number>) {
    const { length } = tokens;
    this.tokens = Int32Array.from(tokens);
    this.following = new Int32Array(length);
    this.preceding = new Int32Array(length);
    for (let i = 0; i < length; i++) {
      this.following[i] = i + 1 < length ? i + 1 : -1;
      this.preceding[i] = i - 1;
    }
  }

  /** Position of the next token; -1 after the last. */
  next(position: number): number {
    return this.following[position]!;
  }

  /** Position of the token before; -1 before the first. */
  previous(position: number): number {
    return this.preceding[position]!;
  }

  /** The tokens at a position and after it, as a {@link pairKey}; -1 where they are not both there. */
  pairAt(position: number): number {
    const second = position < 0 ? -1 : this.following[position]!;
    return second < 0 || this.tokens[position]! < 0 ? -1 : pairKey(this.tokens[position]!, this.tokens[second]!);
  }

  /** Replaces the token at a position and the next one by `merged`, at that position. */
  merge(position: number, merged: number): void {
    const second = this.following[position]!;
    const after = this.following[second]!;
    this.tokens[position] = merged;
    this.tokens[second] = -1;
    this.following[position] = after;
    if (after >= 0) this.preceding[after] = position;
  }

  /** Cuts the sequence before a position. */
  cut(position: number): void {
    const before = this.preceding[position]!;
    if (before >= 0) this.following[before] = -1;
    this.preceding[position] = -1;
  }

  /** The tokens that are left. */
  toArray(): number[] {
    return Array.from(this.tokens.filter((token) => token >= 0));
  }
}
