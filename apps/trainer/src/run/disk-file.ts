import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { WeightFile } from "@sumo/llama";
import { RunError } from "@sumo/training";

/** A file on disk that is read in pieces. It is open only while a piece is read. */
export function diskFile(path: string): WeightFile {
  return {
    size: statSync(path).size,
    read(into, position) {
      const file = openSync(path, "r");
      try {
        let done = 0;
        while (done < into.length) {
          const count = readSync(file, into, done, into.length - done, position + done);
          if (count === 0) throw new RunError(`${path} became shorter while it was read`);
          done += count;
        }
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
