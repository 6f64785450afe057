import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type { RandomAccessFile } from "@sumo/core";
import { DataError } from "../errors.ts";
import { foreignKind } from "./file-kind.ts";

/** Bytes at the beginning of a file that tell its kind. */
const BEGINNING = 2 ** 16;

/** Most bytes of a text in memory: those of a string. */
const MOST_BYTES = 2 ** 29 - 24;

/** @throws {DataError} for more bytes than a program can hold as one text. */
export function checkSize(path: string, size: number): void {
  if (size <= MOST_BYTES) return;
  throw new DataError(`data: ${path} has ${size} bytes, at most ${MOST_BYTES} can be read as one text: split it`);
}

/**
 * Opens a UTF-8 file, without its byte-order mark, to be read in pieces. It is open only while a piece is read.
 *
 * @param isPlain - refuse other kinds than plain text.
 * @throws {DataError} if it is of another kind, and, when a piece is read, if it has changed since.
 */
export function textFile(path: string, isPlain: boolean): RandomAccessFile {
  const opened = statSync(path);
  const beginning = new Uint8Array(Math.min(BEGINNING, opened.size));
  readUnchanged(path, opened, beginning, 0);
  const kind = isPlain ? foreignKind(path, beginning, opened.size) : undefined;
  if (kind !== undefined) throw new DataError(`data: ${path} is ${kind.name}, not plain text: ${kind.remedy}`);
  const mark = beginning[0] === 0xef && beginning[1] === 0xbb && beginning[2] === 0xbf ? 3 : 0;
  return {
    size: opened.size - mark,
    read: (into, position) => readUnchanged(path, opened, into, mark + position),
  };
}

function readUnchanged(path: string, opened: Stats, into: Uint8Array, position: number): void {
  const file = openSync(path, "r");
  try {
    const { size, mtimeMs, ino } = fstatSync(file);
    let isSame = size === opened.size && mtimeMs === opened.mtimeMs && ino === opened.ino;
    for (let done = 0; isSame && done < into.length; ) {
      const count = readSync(file, into, done, into.length - done, position + done);
      isSame = count > 0;
      done += count;
    }
    if (!isSame) throw new DataError(`data: ${path} changed while it was read: wait for the program that writes it`);
  } finally {
    closeSync(file);
  }
}

/** Files as one, one after another. */
export function joinedFiles(files: readonly RandomAccessFile[]): RandomAccessFile {
  let size = 0;
  const starts = files.map((file) => {
    const start = size;
    size += file.size;
    return start;
  });
  return {
    size,
    read(into, position) {
      const end = position + into.length;
      for (const [i, file] of files.entries()) {
        const start = starts[i]!;
        const [from, to] = [Math.max(position, start), Math.min(end, start + file.size)];
        if (from < to) file.read(into.subarray(from - position, to - position), from - start);
      }
    },
  };
}

/** Checks one after another of a text's pieces for UTF-8; characters may be cut between two. */
export class Utf8Check {
  private rest: Uint8Array = new Uint8Array();

  /** Whether the text so far, with `piece`, may be the beginning of UTF-8. @param isLast - no piece follows. */
  add(piece: Uint8Array, isLast: boolean): boolean {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    const whole = isLast ? bytes.length : wholeCharacters(bytes);
    this.rest = bytes.slice(whole);
    return isUtf8(bytes.subarray(0, whole));
  }
}

/** Bytes up to the beginning of the last character, which may be cut. */
function wholeCharacters(bytes: Uint8Array): number {
  let at = bytes.length - 1;
  while (at > 0 && at > bytes.length - 4 && bytes[at]! >> 6 === 0b10) at--;
  return Math.max(0, at);
}
