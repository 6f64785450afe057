import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import {
  type Corpus,
  corpusOf,
  encodePieces,
  formatTokenizer,
  isSystemError,
  storageError,
  type Tokenizer,
  type Tokens,
  textPieces,
  tokenArray,
  trainingBytes,
} from "@sumo/training";
import { digest, type OnRead, type Text } from "@sumo/training/text";
import { replaceFile, writeAll } from "./atomic-file.ts";
import { diskFile } from "./disk-file.ts";

/** Bytes of text that are encoded at a time, and bytes between two records of how far a file of tokens is. */
export interface EncodingSizes {
  readonly piece: number;
  readonly record: number;
}

const SIZES: EncodingSizes = { piece: 2 ** 20, record: 2 ** 26 };

/** Bytes that are read back at a time. */
const CHUNK = 2 ** 20;

/** How far a file of tokens is: what a process that ends leaves to the next one. */
interface Extent {
  /** Bytes of the text that are encoded. */
  readonly bytes: number;
  /** Tokens in the file, and those of them that are in the training part. */
  readonly tokens: number;
  readonly train: number;
  /** SHA-256 of these tokens, in hexadecimal. */
  readonly digest: string;
}

const NOTHING: Extent = { bytes: 0, tokens: 0, train: 0, digest: digest(new Uint8Array()) };

/**
 * The corpus of a text whose tokens lie in a file beside the runs, of which windows are read. The file is made once for a text and a
 * tokenizer; one that is not whole is continued, one that is damaged is made again. Memory does not grow with the text.
 *
 * @param runs - folder of runs.
 * @param onEncoded - called with the bytes that are encoded, and all.
 * @throws {DataError} if the text is too short. @throws {StorageError} if the file cannot be written; its tokens so far are kept.
 */
export function fileCorpus(
  text: Text,
  tokenizer: Tokenizer,
  context: number,
  runs: string,
  onEncoded: OnRead,
  sizes: EncodingSizes = SIZES,
): Corpus {
  const folder = join(runs, ".tokens");
  const name = digest(Buffer.from(text.digest + formatTokenizer(tokenizer))).slice(0, 16);
  const path = join(folder, `${name}.bin`);
  const cut = trainingBytes(text);
  try {
    mkdirSync(folder, { recursive: true });
    const { tokens, train } = encodeText(path, text, cut, tokenizer, onEncoded, sizes);
    const part = (from: number, length: number): Tokens => storedTokens(path, tokenizer.size, from, length);
    const parts = { train: part(0, train), validation: part(train, tokens - train) };
    return corpusOf({ ...parts, heldOutBytes: text.size - cut }, context);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw storageError(error, "the tokens that were written are kept", "start again");
  }
}

/** Tokens of a vocabulary of `size` in a file. */
function storedTokens(path: string, size: number, from: number, length: number): Tokens {
  const file = diskFile(path);
  return {
    length,
    subarray(start, end) {
      const tokens = tokenArray(size, end - start);
      file.read(new Uint8Array(tokens.buffer), tokens.BYTES_PER_ELEMENT * (from + start));
      return tokens;
    },
  };
}

/** Encodes what a file of tokens lacks: of the training part, then of the part that is held out. */
function encodeText(
  path: string,
  text: Text,
  cut: number,
  tokenizer: Tokenizer,
  onEncoded: OnRead,
  sizes: EncodingSizes,
): Extent {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT);
  const width = tokenArray(tokenizer.size, 0).BYTES_PER_ELEMENT;
  try {
    let { extent, hash } = continued(file, width, readExtent(path));
    let recorded = extent.bytes;
    for (const [from, to] of [
      [0, cut],
      [cut, text.size],
    ] as const) {
      const start = Math.max(from, extent.bytes);
      for (const { tokens, bytes } of encodePieces(
        textPieces(text, start, to, sizes.piece),
        tokenizer,
        start === from,
      )) {
        const piece = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
        // Another process that encodes the same text writes the same bytes to the same places.
        writeAll(file, piece, width * extent.tokens);
        hash.update(piece);
        extent = {
          bytes: extent.bytes + bytes,
          tokens: extent.tokens + tokens.length,
          train: extent.train + (to === cut ? tokens.length : 0),
          digest: hash.copy().digest("hex"),
        };
        onEncoded(extent.bytes, text.size);
        if (extent.bytes < recorded + sizes.record && extent.bytes < text.size) continue;
        fsyncSync(file);
        replaceFile(extentPath(path), `${JSON.stringify(extent)}\n`);
        recorded = extent.bytes;
      }
    }
    return extent;
  } catch (error) {
    throw isSystemError(error) ? Object.assign(error, { path: error.path ?? path }) : error;
  } finally {
    closeSync(file);
  }
}

/** The extent of a file that begins with the tokens of `known`, of `width` bytes each, and their hash; nothing of any other file. */
function continued(file: number, width: number, known: Extent): { extent: Extent; hash: Hash } {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  for (let at = 0, count = 1; at < width * known.tokens && count > 0; at += count) {
    count = readSync(file, chunk, 0, Math.min(CHUNK, width * known.tokens - at), at);
    hash.update(chunk.subarray(0, count));
  }
  if (hash.copy().digest("hex") === known.digest) return { extent: known, hash };
  return { extent: NOTHING, hash: createHash("sha256") };
}

const extentPath = (path: string): string => path.replace(/\.bin$/, ".json");

function readExtent(path: string): Extent {
  try {
    return { ...NOTHING, ...(JSON.parse(readFileSync(extentPath(path), "utf8")) as Partial<Extent>) };
  } catch {
    return NOTHING; // there is none, or it was cut short: the text is encoded again
  }
}
