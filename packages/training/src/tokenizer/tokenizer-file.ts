import { RunError } from "../errors.ts";
import { spellBytes } from "./byte-spelling.ts";
import { checkTokenizerFile } from "./check-tokenizer-file.ts";
import { publishedTokenizer } from "./published-tokenizer.ts";
import { BYTES, createTokenizer, type Merge, spell, type Tokenizer } from "./tokenizer.ts";

/** The fields of a Hugging Face `tokenizer.json` that are read here. */
interface TokenizerFile {
  readonly added_tokens?: readonly { readonly content: string }[];
  readonly model: {
    readonly type: string;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly string[];
  };
}

/** The words of `tokenizer.ts` as a pattern of Oniguruma, on characters instead of bytes. */
const WORD_PATTERN =
  " ?[A-Za-z\\x{80}-\\x{10FFFF}]+| ?[0-9]+| ?[^ \\t\\n\\rA-Za-z0-9\\x{80}-\\x{10FFFF}]+|[ \\t\\n\\r]";

/** Fields of a special token in the file. */
const ADDED = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };

/** Formats a tokenizer as a `tokenizer.json` that Hugging Face's tokenizers load: byte-level BPE with this package's words, or a published tokenizer's own file. */
export function formatTokenizer({ merges, special, file: published }: Tokenizer): string {
  if (published !== undefined) return published;
  const pieces = spell(merges).map(spellBytes);
  const file = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: Array.from(special, ([content, id]) => ({ id, content, ...ADDED })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: WORD_PATTERN }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(pieces.map((piece, token) => [piece, token])),
      merges: merges.map(([left, right]) => `${pieces[left]} ${pieces[right]}`),
    },
  };
  return `${JSON.stringify(file, undefined, 1)}\n`;
}

/** The inverse of {@link formatTokenizer}. @param path - for messages. @throws {RunError} if it is damaged, or of an unsupported kind. */
export function parseTokenizer(text: string, path: string): Tokenizer {
  let file: TokenizerFile;
  try {
    file = JSON.parse(text) as TokenizerFile;
  } catch (cause) {
    throw new RunError(`${path} is not JSON`, { cause });
  }
  if (!Array.isArray(file?.model?.merges)) throw new RunError(`${path} holds no byte-pair merges`);
  checkTokenizerFile(file, path);
  if (!text.includes(JSON.stringify(WORD_PATTERN))) return publishedTokenizer(file, text, path);
  const { model, added_tokens: added = [] } = file;
  const merges = model.merges.map((merge) => readMerge(merge, model.vocab));
  if (spelledLength(merges) <= text.length) {
    const tokenizer = createTokenizer(
      merges,
      added.map(({ content }) => content),
    );
    if (formatTokenizer(tokenizer) === text) return tokenizer;
  }
  throw new RunError(`${path} is damaged`);
}

function readMerge(merge: string, vocab: Readonly<Record<string, number>>): Merge {
  const [left = "", right = ""] = String(merge).split(" ");
  return [vocab[left] ?? 0, vocab[right] ?? 0]; // an unknown piece fails the comparison with the whole file
}

/** Bytes of all tokens, which a whole file spells out; not a number where a merge is of tokens that come after it. */
function spelledLength(merges: readonly Merge[]): number {
  const lengths = new Array<number>(BYTES).fill(1);
  for (const [left, right] of merges) lengths.push((lengths[left] ?? Number.NaN) + (lengths[right] ?? Number.NaN));
  return lengths.reduce((sum, length) => sum + length, 0);
}
