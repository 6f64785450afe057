import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { formatLine, type LogExtent, type LogLine, parseLog } from "@sumo/training";
import { digest } from "@sumo/training/text";
import { replaceFile, writeAll } from "./atomic-file.ts";

/** An open `log.jsonl`. Lines are appended; `sync` and `close` flush them to the disk. */
export interface Log {
  /** Appends a line. A line that could not be written is written with the next one. @throws the system's error; an incomplete line is removed. */
  write(line: LogLine): void;
  /** Flushes the log. */
  sync(): void;
  /** Content of the file, without lines that could not be written. */
  readonly extent: LogExtent;
  close(): void;
}

/** Opens a log for appending. */
export function openLog(path: string): Log {
  const file = openSync(path, "a");
  const before = readFileSync(path);
  const hash = createHash("sha256").update(before);
  let bytes = before.length;
  let pending: Uint8Array = new Uint8Array();
  const flush = (): void => {
    try {
      writeAll(file, pending);
    } catch (error) {
      ftruncateSync(file, bytes);
      throw Object.assign(error as Error, { path });
    }
    hash.update(pending);
    bytes += pending.length;
    pending = new Uint8Array();
  };
  return {
    write: (line) => {
      pending = Buffer.concat([pending, Buffer.from(formatLine(line))]);
      flush();
    },
    sync: () => {
      flush();
      fsyncSync(file);
    },
    get extent() {
      return { bytes, digest: hash.copy().digest("hex") };
    },
    close: () => closeSync(file),
  };
}

/** Extent of an empty log. */
export const EMPTY_LOG: LogExtent = { bytes: 0, digest: digest(new Uint8Array()) };

/** Whether a log begins with an extent. */
export function hasExtent(path: string, extent: LogExtent): boolean {
  const content = contentOf(path);
  return content.length >= extent.bytes && digest(content.subarray(0, extent.bytes)) === extent.digest;
}

/** Reads the lines of a log; none if the file does not exist. @throws {RunError} as {@link parseLog}. */
export function readLog(path: string): LogLine[] {
  return parseLog(contentOf(path).toString(), path);
}

/**
 * Drops the lines after step `step`, so that a run that is resumed there logs every step once.
 *
 * @returns the lines that remain.
 */
export function rewindLog(path: string, step: number): LogLine[] {
  const lines = readLog(path);
  const kept = lines.filter((line) => line.step <= step);
  const content = kept.map(formatLine).join("");
  if (content !== contentOf(path).toString()) replaceFile(path, content);
  return kept;
}

function contentOf(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}
