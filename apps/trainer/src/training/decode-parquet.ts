import { Worker } from "node:worker_threads";
import { DataError } from "@sumo/training";

/** What the worker is given. */
export interface ParquetFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For messages. */
  readonly path: string;
}

/** What it answers: lines, or the message of an error, and whether that is a {@link DataError}. */
export type Decoded = { readonly lines: Uint8Array } | { readonly message: string; readonly isKnown: boolean };

/** Seconds and megabytes that a file may take to decode: besides, and for each of its megabytes. Whole files take a hundredth of both. */
const SECONDS = { besides: 10, perMegabyte: 1 };
const MEGABYTES = { besides: 256, perMegabyte: 64 };

/**
 * Decodes a Parquet file, as `parquetLines` does, in a worker that is ended after a time and a memory that its size justifies: a damaged file may ask for any.
 *
 * @throws {DataError} as `parquetLines`. @throws {Error} if the file is damaged.
 */
export async function decodeParquet(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array> {
  const megabytes = bytes.length / 1e6;
  const limitOf = ({ besides, perMegabyte }: typeof SECONDS): number => besides + perMegabyte * megabytes;
  const worker = new Worker(new URL("./parquet-worker.js", import.meta.url), {
    workerData: { bytes, path } satisfies ParquetFile,
    resourceLimits: { maxOldGenerationSizeMb: limitOf(MEGABYTES) },
  });
  let timer: NodeJS.Timeout | undefined;
  const decoded = await new Promise<Decoded>((resolve, reject) => {
    const giveUp = (): void => reject(new Error("it does not end"));
    timer = setTimeout(giveUp, 1000 * limitOf(SECONDS));
    worker.once("message", resolve).once("error", reject);
  }).finally(() => {
    clearTimeout(timer);
    return worker.terminate();
  });
  if ("lines" in decoded) return decoded.lines;
  throw decoded.isKnown ? new DataError(decoded.message) : new Error(decoded.message);
}
