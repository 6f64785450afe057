import { allOf, type Heap, sizeOfFloat32 } from "@sumo/linalg";

/** Names and lengths, in float32 elements, of blocks that are allocated together: what is planned is what is allocated. */
export type Lengths<Name extends string> = Readonly<Record<Name, number>>;
export type Blocks<Name extends string> = Readonly<Record<Name, Float32Array>>;

/** Bytes that {@link allocateBlocks} takes from a heap. */
export function bytesOfBlocks(lengths: Lengths<string>): number {
  return allOf(...Object.values(lengths).map(sizeOfFloat32));
}

/** One block of zeros each. @throws {WorkspaceError} when the heap is full; nothing stays allocated then. */
export function allocateBlocks<Name extends string>(heap: Heap, lengths: Lengths<Name>): Blocks<Name> {
  const blocks: Partial<Record<Name, Float32Array>> = {};
  try {
    for (const name in lengths) blocks[name] = heap.float32(lengths[name]);
  } catch (error) {
    releaseBlocks(heap, blocks);
    throw error;
  }
  return blocks as Blocks<Name>;
}

/** Gives all of them back. */
export function releaseBlocks(heap: Heap, blocks: Partial<Blocks<string>>): void {
  for (const block of Object.values(blocks)) if (block !== undefined) heap.release(block);
}
