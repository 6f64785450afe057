import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Contents of a file: a text, bytes, or pieces that follow one another, so that the whole need not be in memory. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/** Bytes that are written, or read back, at once. */
const CHUNK = 2 ** 20;

/**
 * Writes a file, flushes it to the disk and reads it back. After a failure the file is gone.
 *
 * @returns the SHA-256 of the content, in hexadecimal.
 * @throws the system's error, with the file's path; `EIO` if the file does not hold what was written.
 */
export function writeDurably(path: string, content: Content): string {
  const hash = createHash("sha256");
  const file = openSync(path, "w+");
  try {
    for (const chunk of chunksOf(content)) {
      writeAll(file, chunk);
      hash.update(chunk);
    }
    fsyncSync(file);
    const written = hash.digest("hex");
    if (digestOf(file) === written) return written;
    throw Object.assign(new Error("EIO: the file does not hold what was written"), { code: "EIO", syscall: "write" });
  } catch (error) {
    rmSync(path, { force: true }); // on a full disk it takes the room that something else needs
    throw Object.assign(error as Error, { path });
  } finally {
    closeSync(file);
  }
}

/** Replaces a file atomically: writes a temporary file beside it, and renames it. After a failure the old file is as it was. */
export function replaceFile(path: string, content: Content): void {
  writeDurably(`${path}.new`, content);
  renameDurably(`${path}.new`, path);
}

/** Renames a file and flushes its folder to the disk. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Writes all bytes into an open file. @param position - first byte. Default: after what was written last. */
export function writeAll(file: number, bytes: Uint8Array, position?: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, bytes.length - at, position === undefined ? null : position + at);
  }
}

/** Flushes a folder, the names of its files, to the disk. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return; // folders cannot be opened there; its renames are journalled
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** SHA-256 of a file, in hexadecimal. It is read in pieces. */
export function digestOfFile(path: string): string {
  const file = openSync(path, "r");
  try {
    return digestOf(file);
  } finally {
    closeSync(file);
  }
}

function digestOf(file: number): string {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; ; ) {
    const read = readSync(file, chunk, 0, CHUNK, at);
    if (read === 0) return hash.digest("hex");
    hash.update(chunk.subarray(0, read));
    at += read;
  }
}

/** The bytes of a content in chunks, each valid until the next. */
function* chunksOf(content: Content): Generator<Uint8Array> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const chunk = Buffer.allocUnsafe(CHUNK);
  let used = 0;
  for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + CHUNK - used);
      chunk.set(part, used);
      at += part.length;
      used += part.length;
      if (used < CHUNK) continue;
      yield chunk;
      used = 0;
    }
  }
  if (used > 0) yield chunk.subarray(0, used);
}
