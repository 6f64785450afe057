import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { formatLine, type LogLine, parseLog } from "@sumo/training";
import { replaceFile } from "./atomic-file.ts";

/** An open `log.jsonl`. Lines are appended; `sync` and `close` flush them to the disk. */
export interface Log {
  write(line: LogLine): void;
  sync(): void;
  close(): void;
}

/** Opens a log for appending. */
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

/** Reads the lines of a log; none if the file does not exist. @throws {RunError} as {@link parseLog}. */
export function readLog(path: string): LogLine[] {
  return existsSync(path) ? parseLog(readFileSync(path, "utf8"), path) : [];
}

/** Truncates a log after step `step`, so that a run that is resumed there logs every step once. Returns the lines that remain. */
export function rewindLog(path: string, step: number): LogLine[] {
  const kept = readLog(path).filter((line) => line.step <= step);
  replaceFile(path, kept.map(formatLine).join(""));
  return kept;
}
