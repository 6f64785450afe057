import { OptionError, WorkspaceError } from "../errors.ts";
import type { WasmMemory } from "./web-assembly.ts";

/** Low addresses that the heap leaves to WebAssembly modules that share the memory. */
const RESERVED_BYTES = 1024;
const PAGE_BYTES = 65536;
/** Cache-line alignment: SIMD loads never straddle two lines at the start of a block. */
const ALIGN_BYTES = 64;

/** Options of a new {@link Heap}. */
export interface HeapOptions {
  /** Address space in bytes, at most 4 GiB. It is reserved at once and takes physical memory only where it is written. */
  readonly bytes?: number;
  /** Share the memory between workers. Needs cross-origin isolation in browsers. */
  readonly shared?: boolean;
}

/** A block of a memory that another heap handed out, so that a worker has a heap of its own in a shared memory. */
interface HeapBlock {
  readonly memory: WasmMemory;
  /** Address of the block, a multiple of 64. */
  readonly start: number;
  readonly bytes: number;
}

/**
 * One WebAssembly memory with an allocator, so that kernels of several modules, and a system BLAS, work on the same numbers without copies.
 *
 * The memory has its final size from the start and never grows, because growing would detach every typed array that was handed out;
 * the operating system commits pages on first write, so the reservation itself costs nothing.
 */
export class Heap {
  readonly memory: WasmMemory;
  /** Whether workers can share the memory. */
  readonly shared: boolean;
  /** Of the memory, asked for once: `memory.buffer` of a shared one can become another object when any shared memory grows. */
  private readonly buffer: ArrayBuffer;
  /** Bytes in use now, rounded up to the alignment. */
  usedBytes = 0;
  /** The most bytes that were in use at once. */
  peakBytes = 0;
  /** Free blocks, sorted by address, never adjacent. */
  private readonly free: { start: number; bytes: number }[];
  /** Size of each block in use, by address. */
  private readonly sizes = new Map<number, number>();

  /** A heap on a new memory, or inside a block of an existing one. @throws {OptionError} for a size out of range. */
  constructor(options: HeapOptions | HeapBlock = {}) {
    if ("memory" in options) {
      const { memory, start, bytes } = options;
      this.shared = !(memory.buffer instanceof ArrayBuffer);
      this.memory = memory;
      this.buffer = memory.buffer;
      this.free = [{ start, bytes }];
      return;
    }
    const { bytes = 2 ** 30, shared = false } = options;
    if (!(bytes >= PAGE_BYTES && bytes <= 2 ** 32)) {
      throw new OptionError("Heap", `bytes must lie between ${PAGE_BYTES} and ${2 ** 32}, got ${bytes}`);
    }
    const pages = Math.ceil(bytes / PAGE_BYTES);
    this.shared = shared;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    this.buffer = this.memory.buffer;
    this.free = [{ start: RESERVED_BYTES, bytes: pages * PAGE_BYTES - RESERVED_BYTES }];
  }

  /** Whether `array` lies in this memory, so that kernels can use it in place. */
  owns(array: ArrayBufferView): boolean {
    return array.buffer === this.buffer;
  }

  /** `length` float32 zeros. @throws {WorkspaceError} when the heap is full. */
  float32(length: number): Float32Array {
    return new Float32Array(this.buffer, this.allocate(length * 4), length).fill(0);
  }

  /** `length` float64 zeros. @throws {WorkspaceError} when the heap is full. */
  float64(length: number): Float64Array {
    return new Float64Array(this.buffer, this.allocate(length * 8), length).fill(0);
  }

  /** `length` bytes of zeros. @throws {WorkspaceError} when the heap is full. */
  uint8(length: number): Uint8Array {
    return new Uint8Array(this.buffer, this.allocate(length), length).fill(0);
  }

  /** `length` int32 zeros. @throws {WorkspaceError} when the heap is full. */
  int32(length: number): Int32Array {
    return new Int32Array(this.buffer, this.allocate(length * 4), length).fill(0);
  }

  /** Frees a block. `array` must be what an allocation returned, not a part of it. */
  release(array: ArrayBufferView): void {
    const start = array.byteOffset;
    const bytes = this.owns(array) ? this.sizes.get(start) : undefined;
    if (bytes === undefined) throw new OptionError("Heap.release", "expected an array that this heap allocated");
    this.sizes.delete(start);
    this.usedBytes -= bytes;
    const at = this.free.findIndex((block) => block.start > start);
    const next = at < 0 ? this.free.length : at;
    this.free.splice(next, 0, { start, bytes });
    this.merge(next);
    this.merge(next - 1);
  }

  /** First fit. Returns an address. */
  private allocate(length: number): number {
    const bytes = Math.max(ALIGN_BYTES, Math.ceil(length / ALIGN_BYTES) * ALIGN_BYTES);
    const block = this.free.find((candidate) => candidate.bytes >= bytes);
    if (block === undefined) {
      const largest = this.free.reduce((most, candidate) => Math.max(most, candidate.bytes), 0);
      throw new WorkspaceError("Heap", bytes, largest, "make the heap larger: new Heap({ bytes })");
    }
    const { start } = block;
    block.start += bytes;
    block.bytes -= bytes;
    if (block.bytes === 0) this.free.splice(this.free.indexOf(block), 1);
    this.sizes.set(start, bytes);
    this.usedBytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    return start;
  }

  /** Joins free block `i` with the one after it where they touch. */
  private merge(i: number): void {
    const a = this.free[i];
    const b = this.free[i + 1];
    if (a === undefined || b === undefined || a.start + a.bytes !== b.start) return;
    a.bytes += b.bytes;
    this.free.splice(i + 1, 1);
  }
}
