import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Bytes that are read back at once. */
const CHUNK = 2 ** 20;

/**
 * Writes a file, flushes it to the disk and reads it back. After a failure the file is gone.
 *
 * @throws the system's error, with the file's path; `EIO` if the file does not hold what was written.
 */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const file = openSync(path, "w+");
  try {
    writeAll(file, bytes);
    fsyncSync(file);
    readBack(file, bytes);
  } catch (error) {
    rmSync(path, { force: true }); // on a full disk it takes the room that something else needs
    throw Object.assign(error as Error, { path });
  } finally {
    closeSync(file);
  }
}

/** Replaces a file atomically: writes a temporary file beside it, and renames it. After a failure the old file is as it was. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  writeDurably(`${path}.new`, content);
  renameDurably(`${path}.new`, path);
}

/** Renames a file and flushes its folder to the disk. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Writes all bytes at the end of what an open file has. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
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

/** @throws `EIO` if an open file does not hold `bytes`. */
function readBack(file: number, bytes: Uint8Array): void {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, bytes.length));
  let same = fstatSync(file).size === bytes.length;
  for (let at = 0; same && at < bytes.length; at += chunk.length) {
    const read = readSync(file, chunk, 0, chunk.length, at);
    same = chunk.subarray(0, read).equals(bytes.subarray(at, at + chunk.length));
  }
  if (!same) {
    throw Object.assign(new Error("EIO: the file does not hold what was written"), { code: "EIO", syscall: "write" });
  }
}
