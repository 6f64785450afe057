import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file and flushes it to the disk. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const file = openSync(path, "w");
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Replaces a file atomically: writes a temporary file beside it, and renames it. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  writeDurably(`${path}.new`, content);
  renameDurably(`${path}.new`, path);
}

/** Renames a file and flushes its folder to the disk. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

function syncFolder(path: string): void {
  if (process.platform === "win32") return; // folders cannot be opened there; its renames are journalled
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
