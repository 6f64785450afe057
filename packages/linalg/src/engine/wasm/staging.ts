import type { Real } from "../../matrix/real.ts";
import type { Heap } from "../heap.ts";

/**
 * Where an operand of a kernel lies in the heap: in place, or as a copy in a block that is kept for the next call.
 * One object per operand of a call; the block grows to the largest operand it ever held.
 */
export class Staging {
  private readonly heap: Heap;
  private block: Uint8Array | undefined;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Address of `bytes` of garbage. @throws {WorkspaceError} when the heap is full. */
  scratch(bytes: number): number {
    if (this.block === undefined || this.block.length < bytes) {
      if (this.block !== undefined) this.heap.release(this.block);
      this.block = undefined;
      this.block = this.heap.uint8(2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
    }
    return this.block.byteOffset;
  }

  /** Address of `length` elements of `array` from `offset` on. */
  input(array: Real, offset: number, length: number): number {
    if (this.heap.owns(array)) return array.byteOffset + offset * array.BYTES_PER_ELEMENT;
    const at = this.scratch(length * array.BYTES_PER_ELEMENT);
    this.copy(array, at, length).set(array.subarray(offset, offset + length));
    return at;
  }

  /** Writes the copy at `at` back, unless the kernel worked in place. */
  output(array: Real, offset: number, length: number, at: number): void {
    if (!this.heap.owns(array)) array.set(this.copy(array, at, length), offset);
  }

  private copy(array: Real, at: number, length: number): Real {
    const { buffer } = this.heap.memory;
    return array.BYTES_PER_ELEMENT === 4 ? new Float32Array(buffer, at, length) : new Float64Array(buffer, at, length);
  }
}

/** Elements from the first to the last of a row-major matrix. */
export function span(rows: number, cols: number, ld: number): number {
  return rows === 0 || cols === 0 ? 0 : (rows - 1) * ld + cols;
}
