import type { Heap } from "@sumo/linalg";

/** Blocks of a heap that are allocated one by one and released together. */
export class Arena {
  private readonly heap: Heap;
  private readonly blocks: ArrayBufferView[] = [];

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Runs `body`, which allocates. If it throws, its blocks are released, so that a full heap stays as it was. */
  static allocate<R>(heap: Heap, body: (arena: Arena) => R): R {
    const arena = new Arena(heap);
    try {
      return body(arena);
    } catch (error) {
      arena.release();
      throw error;
    }
  }

  /** An empty block takes no memory. */
  float32(length: number): Float32Array {
    if (length === 0) return new Float32Array(0);
    return this.keep(this.heap.float32(length));
  }

  float64(length: number): Float64Array {
    return this.keep(this.heap.float64(length));
  }

  int32(length: number): Int32Array {
    return this.keep(this.heap.int32(length));
  }

  uint16(length: number): Uint16Array {
    const { buffer, byteOffset } = this.keep(this.heap.uint8(2 * length));
    return new Uint16Array(buffer, byteOffset, length);
  }

  uint8(length: number): Uint8Array {
    return this.keep(this.heap.uint8(length));
  }

  /** Releases every block. */
  release(): void {
    for (const block of this.blocks.splice(0)) this.heap.release(block);
  }

  private keep<A extends ArrayBufferView>(block: A): A {
    this.blocks.push(block);
    return block;
  }
}
