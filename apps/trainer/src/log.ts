import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { replaceFile } from "./atomic-file.ts";
import { formatLine, type LogLine, parseLog } from "./log-line.ts";

/** An open log: lines are appended, and are on the disk after `sync` or `close`. */
export interface Log {
  write(line: LogLine): void;
  sync(): void;
  close(): void;
}

/** Opens a log to append to it. */
export function openLog(path: string): Log {
  const file = openSync(path, "a");
  return {
    write: (line) => void writeSync(file, formatLine(line)),
    sync: () => fsyncSync(file),
    close: () => {
      fsyncSync(file);
      closeSync(file);
    },
  };
}

/** The lines of a log; none if there is no such file. @throws {RunError} as {@link parseLog}. */
export function readLog(path: string): LogLine[] {
  return existsSync(path) ? parseLog(readFileSync(path, "utf8"), path) : [];
}

/** Drops what was logged after step `step`, so that a run that goes on from there logs every step once. Returns what is left. */
export function rewindLog(path: string, step: number): LogLine[] {
  const kept = readLog(path).filter((line) => line.step <= step);
  replaceFile(path, kept.map(formatLine).join(""));
  return kept;
}
