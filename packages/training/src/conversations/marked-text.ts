import type { Before, Tokenizer } from "../tokenizer/tokenizer.ts";

/** A noncharacter of Unicode, which texts hardly hold. */
const NONCHARACTER = "\ufdd0";

/** A token of a text, and the byte of the text at which it ends. */
export interface PlacedToken {
  readonly token: number;
  readonly end: number;
}

/** A text that a template wrote, in which names of special tokens are those tokens, but not inside what people wrote. */
export class MarkedText {
  private readonly tokenizer: Tokenizer;
  private readonly names: RegExp | undefined;
  /** Breaks the names of special tokens in what people wrote: a longer run of the noncharacter than any of theirs. */
  private readonly guard: string;

  /** @param written - everything that people wrote. */
  constructor(tokenizer: Tokenizer, written: readonly string[]) {
    this.tokenizer = tokenizer;
    this.names = namesOf(tokenizer);
    const runs = written.flatMap((text) => text.match(/\ufdd0+/g) ?? []);
    this.guard = NONCHARACTER.repeat(1 + Math.max(0, ...runs.map(({ length }) => length)));
  }

  /** A text of people, for the template. */
  guarded(text: string): string {
    const written = this.tokenizer.composes ? text.normalize("NFC") : text;
    return this.names === undefined
      ? written
      : written.replace(this.names, (name) => name[0] + this.guard + name.slice(1));
  }

  /** What the template wrote, without guards. */
  plain(text: string): string {
    return text.replaceAll(this.guard, "");
  }

  /** Tokens of what the template wrote. */
  encode(text: string): PlacedToken[] {
    const out: PlacedToken[] = [];
    let at = 0;
    const add = (piece: string): void => {
      const bytes = new TextEncoder().encode(this.plain(piece));
      for (const placed of this.placed(bytes, at, out.length > 0 ? "special" : "nothing")) out.push(placed);
      at += bytes.length;
    };
    let from = 0;
    for (const { 0: name, index } of this.names === undefined ? [] : text.matchAll(this.names)) {
      add(text.slice(from, index));
      from = index + name.length;
      at += new TextEncoder().encode(name).length;
      out.push({ token: this.tokenizer.special.get(name)!, end: at });
    }
    add(text.slice(from));
    return out;
  }

  /** Tokens of a piece without special tokens, which begins at byte `start`. */
  private *placed(bytes: Uint8Array, start: number, before: Before): Generator<PlacedToken> {
    const tokens = this.tokenizer.encode(bytes, before);
    const lead = this.tokenizer.decode(tokens).length - bytes.length; // a space that the tokenizer put before it
    let end = start - lead;
    for (const token of tokens) {
      end += this.tokenizer.decode([token]).length;
      yield { token, end };
    }
  }
}

/** Patterns of the names of special tokens, made once for a tokenizer. */
const PATTERNS = new WeakMap<Tokenizer, RegExp>();

/** A pattern of the names of special tokens, the longest first; `undefined` if there are none. */
function namesOf(tokenizer: Tokenizer): RegExp | undefined {
  if (tokenizer.special.size === 0) return undefined;
  const known = PATTERNS.get(tokenizer);
  if (known !== undefined) return known;
  const names = [...tokenizer.special.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(names.map(escaped).join("|"), "g");
  PATTERNS.set(tokenizer, pattern);
  return pattern;
}

const escaped = (name: string): string => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
