/** Canonical Huffman code: the number of codes of each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

/** Order in which a block has the lengths of the code of its lengths. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;
const END_OF_BLOCK = 256;

/**
 * Decompresses a raw DEFLATE stream that is complete and valid. Kernels must be there at the first synchronous call, which
 * `DecompressionStream` cannot do, and libraries that can are four times as long as this.
 *
 * @see RFC 1951.
 */
export function inflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  /** Position in bits. */
  let at = 0;
  const bits = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) value |= ((bytes[at >> 3]! >> (at & 7)) & 1) << i;
    return value;
  };
  const next = ({ counts, symbols }: Code): number => {
    let code = 0;
    // First code of this length, and its place among the symbols.
    for (let length = 1, first = 0, place = 0; ; length++) {
      code = 2 * code + bits(1);
      first *= 2;
      if (code - first < counts[length]!) return symbols[place + code - first]!;
      first += counts[length]!;
      place += counts[length]!;
    }
  };
  const copyStored = (): void => {
    at = (at + 7) & ~7;
    const length = bits(16);
    at += 16;
    for (let i = 0; i < length; i++) out.push(bits(8));
  };
  const inflateBlock = (literals: Code, distances: Code): void => {
    for (;;) {
      const symbol = next(literals);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) out.push(symbol);
      else {
        const length = symbol === 285 ? 258 : 3 + graded(symbol - 257, 4, bits);
        const distance = 1 + graded(next(distances), 2, bits);
        for (let i = 0; i < length; i++) out.push(out[out.length - distance]!);
      }
    }
  };
  const readCodes = (): [Code, Code] => {
    const [literals, distances, count] = [257 + bits(5), 1 + bits(5), 4 + bits(4)];
    const own = new Array<number>(19).fill(0);
    for (let i = 0; i < count; i++) own[ORDER[i]!] = bits(3);
    const code = codeOf(own);
    const lengths: number[] = [];
    while (lengths.length < literals + distances) {
      const symbol = next(code);
      if (symbol < 16) lengths.push(symbol);
      else if (symbol === 16) repeat(lengths, lengths.at(-1)!, 3 + bits(2));
      else repeat(lengths, 0, symbol === 17 ? 3 + bits(3) : 11 + bits(7));
    }
    return [codeOf(lengths.slice(0, literals)), codeOf(lengths.slice(literals))];
  };
  for (let isLast = 0; isLast === 0; ) {
    isLast = bits(1);
    const kind = bits(2);
    if (kind === 0) copyStored();
    else inflateBlock(...(kind === 1 ? FIXED : readCodes()));
  }
  return Uint8Array.from(out);
}

/** Number whose grade a symbol states, `2^bits` numbers a grade from the second group of `group` symbols on, and whose rest follows it. */
function graded(symbol: number, group: number, bits: (count: number) => number): number {
  if (symbol < 2 * group) return symbol;
  const extra = Math.floor(symbol / group) - 1;
  return ((group + (symbol % group)) << extra) + bits(extra);
}

function codeOf(lengths: readonly number[]): Code {
  const counts = new Array<number>(16).fill(0);
  for (const length of lengths) counts[length]!++;
  const symbols = [...lengths.keys()].filter((symbol) => lengths[symbol]! > 0);
  return { counts, symbols: symbols.sort((a, b) => lengths[a]! - lengths[b]!) };
}

function repeat(lengths: number[], length: number, times: number): void {
  for (let i = 0; i < times; i++) lengths.push(length);
}

const FIXED: readonly [Code, Code] = [
  codeOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  codeOf(new Array<number>(30).fill(5)),
];
