import type { Heap } from "@sumo/linalg";

/** Blocks of a heap that belong together and are given back together. */
export class Lease {
  private readonly heap: Heap;
  private readonly blocks: ArrayBufferView[] = [];

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Runs `body`, which allocates; what was allocated is given back if it throws, so that a full heap stays as it was. */
  static take<R>(heap: Heap, body: (lease: Lease) => R): R {
    const lease = new Lease(heap);
    try {
      return body(lease);
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  float32(length: number): Float32Array {
    return this.keep(this.heap.float32(length));
  }

  float64(length: number): Float64Array {
    return this.keep(this.heap.float64(length));
  }

  int32(length: number): Int32Array {
    return this.keep(this.heap.int32(length));
  }

  uint8(length: number): Uint8Array {
    return this.keep(this.heap.uint8(length));
  }

  /** Gives everything back. */
  release(): void {
    for (const block of this.blocks.splice(0)) this.heap.release(block);
  }

  private keep<A extends ArrayBufferView>(block: A): A {
    this.blocks.push(block);
    return block;
  }
}
