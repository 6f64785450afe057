import type { RandomAccessFile } from "@sumo/core";
import { bytesFile } from "@sumo/llama";
import { concatenate } from "../concatenate.ts";

/** A checkpoint: weights and optimizer state after `step` updates, as safetensors files. */
export interface Checkpoint<File = RandomAccessFile> {
  readonly step: number;
  readonly model: File;
  readonly optimizer: File;
}

/** A checkpoint as it is written: each file in pieces, a tensor each. The trainer must not step before they are read. */
export type CheckpointPieces = Checkpoint<Iterable<Uint8Array>>;

/** A checkpoint in memory, as a page keeps it. */
export type CheckpointBytes = Checkpoint<Uint8Array>;

/** Reads all pieces of a checkpoint into memory. */
export function checkpointBytes({ step, model, optimizer }: CheckpointPieces): CheckpointBytes {
  return { step, model: concatenate(Array.from(model)), optimizer: concatenate(Array.from(optimizer)) };
}

/** A checkpoint in memory as files to go on from. */
export function checkpointFiles({ step, model, optimizer }: CheckpointBytes): Checkpoint {
  return { step, model: bytesFile(model), optimizer: bytesFile(optimizer) };
}
