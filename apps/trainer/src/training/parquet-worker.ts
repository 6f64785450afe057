// A worker thread that decodes a Parquet file.
import { parentPort, workerData } from "node:worker_threads";
import { DataError } from "@sumo/training";
import { parquetLines } from "@sumo/training/text";
import type { Decoded, ParquetFile } from "./decode-parquet.ts";

const { bytes, path } = workerData as ParquetFile;

async function decoded(): Promise<Decoded> {
  try {
    return { lines: await parquetLines(bytes, path) };
  } catch (error) {
    return { message: (error as Error).message, isKnown: error instanceof DataError };
  }
}

parentPort!.postMessage(await decoded());
