import { allOf, sizeOfFloat32 } from "@sumo/linalg";
import type { Lease } from "./lease.ts";

/** Names and lengths, in float32 elements, of blocks that are allocated together: what is planned is what is allocated. */
export type Lengths<Name extends string> = Readonly<Record<Name, number>>;
export type Blocks<Name extends string> = Readonly<Record<Name, Float32Array>>;

/** Bytes that {@link allocateBlocks} takes from a heap. */
export function bytesOfBlocks(lengths: Lengths<string>): number {
  return allOf(...Object.values(lengths).map(sizeOfFloat32));
}

/** One block of zeros each. @throws {WorkspaceError} when the heap is full. */
export function allocateBlocks<Name extends string>(lease: Lease, lengths: Lengths<Name>): Blocks<Name> {
  const blocks: Partial<Record<Name, Float32Array>> = {};
  for (const name in lengths) blocks[name] = lease.float32(lengths[name]);
  return blocks as Blocks<Name>;
}
