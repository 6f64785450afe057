import { allOf, sizeOfFloat32 } from "@sumo/linalg";
import type { Arena } from "./arena.ts";

/** Lengths of named blocks, in float32 elements; read both by the plan and by the allocation. */
export type Lengths<Name extends string> = Readonly<Record<Name, number>>;
/** Named blocks that are allocated together. */
export type Blocks<Name extends string> = Readonly<Record<Name, Float32Array>>;

/** Bytes that {@link allocateBlocks} takes from a heap. */
export function bytesOfBlocks(lengths: Lengths<string>): number {
  return allOf(...Object.values(lengths).map(sizeOfFloat32));
}

/** Allocates one block of zeros a name. @throws {WorkspaceError} when the heap is full. */
export function allocateBlocks<Name extends string>(arena: Arena, lengths: Lengths<Name>): Blocks<Name> {
  const blocks: Partial<Record<Name, Float32Array>> = {};
  for (const name in lengths) blocks[name] = arena.float32(lengths[name]);
  return blocks as Blocks<Name>;
}
