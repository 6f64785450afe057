import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { WeightFile } from "@sumo/llama";
import { RunError } from "@sumo/training";

/** A file on disk that is read in pieces. It is open only while a piece is read. @throws {RunError} when it changes between two pieces. */
export function diskFile(path: string): WeightFile {
  const { size, ino, mtimeMs } = statSync(path);
  return {
    size,
    read(into, position) {
      const file = openSync(path, "r");
      try {
        const now = fstatSync(file);
        let same = now.size === size && now.ino === ino && now.mtimeMs === mtimeMs;
        for (let done = 0; same && done < into.length; ) {
          const count = readSync(file, into, done, into.length - done, position + done);
          same = count > 0;
          done += count;
        }
        if (!same) throw new RunError(`${path} changed while it was read: wait for the program that writes it`);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** All bytes of a file. */
export function allBytes(file: WeightFile): Uint8Array {
  const bytes = new Uint8Array(file.size);
  file.read(bytes, 0);
  return bytes;
}
