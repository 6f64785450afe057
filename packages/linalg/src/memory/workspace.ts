import { describe } from "../arguments.ts";
import { checkEngine } from "../engine/check-engine.ts";
import type { Engine } from "../engine/engine.ts";
import { ArgumentError, WorkspaceError } from "../errors.ts";

/** Scratch that a routine needs, in bytes. Every `take` is rounded up to 64 bytes. */
export type WorkspaceSize = number;

const ALIGN_BYTES = 64;
const roundUp = (bytes: number): number => Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;

/** Bytes of `length` float32 elements of scratch. */
export const sizeOfFloat32 = (length: number): WorkspaceSize => roundUp(4 * length);
/** Bytes of `length` float64 elements of scratch. */
export const sizeOfFloat64 = (length: number): WorkspaceSize => roundUp(8 * length);
/** Bytes of `length` int32 elements of scratch. */
export const sizeOfInt32 = (length: number): WorkspaceSize => roundUp(4 * length);
/** Scratch for parts that are alive together. */
export const allOf = (...sizes: WorkspaceSize[]): WorkspaceSize => sizes.reduce((sum, size) => sum + size, 0);
/** Scratch for parts that run one after another. */
export const anyOf = (...sizes: WorkspaceSize[]): WorkspaceSize =>
  sizes.reduce((most, size) => Math.max(most, size), 0);

interface Views {
  float32?: Float32Array;
  float64?: Float64Array;
  int32?: Int32Array;
}

/**
 * Scratch memory in an engine's heap, handed out from the bottom up and taken back by scope, so that a loop allocates nothing.
 * It also carries the engine: a routine that takes a workspace runs on that workspace's engine.
 */
export class Workspace {
  readonly engine: Engine;
  readonly bytes: number;
  private readonly block: Uint8Array;
  private top = 0;
  private disposed = false;
  /** The views handed out last time, by address: a warm scope makes no new objects. */
  private readonly views = new Map<number, Views>();

  /** @throws {ArgumentError} @throws {WorkspaceError} when the engine's heap is full. */
  constructor(engine: Engine, size: WorkspaceSize) {
    checkEngine("Workspace", engine);
    if (!(typeof size === "number" && size >= 0 && size < Infinity)) {
      throw new ArgumentError("Workspace", `expected a size in bytes, got ${describe(size)}`);
    }
    this.engine = engine;
    this.bytes = roundUp(size);
    this.block = engine.heap.uint8(this.bytes);
  }

  /** Runs `body`; what it took is given back when it returns or throws. */
  scope<R>(body: (work: this) => R): R {
    if (this.disposed) throw new ArgumentError("Workspace", "it was disposed of");
    const { top } = this;
    try {
      return body(this);
    } finally {
      this.top = top;
    }
  }

  /** `length` float32 elements of garbage, valid until the enclosing scope ends. @throws {WorkspaceError} if too little is left. */
  float32(length: number): Float32Array {
    const at = this.take(sizeOfFloat32(length));
    const slot = this.slot(at);
    if (slot.float32?.length !== length) slot.float32 = new Float32Array(this.block.buffer, at, length);
    return slot.float32;
  }

  /** `length` float64 elements of garbage, valid until the enclosing scope ends. @throws {WorkspaceError} if too little is left. */
  float64(length: number): Float64Array {
    const at = this.take(sizeOfFloat64(length));
    const slot = this.slot(at);
    if (slot.float64?.length !== length) slot.float64 = new Float64Array(this.block.buffer, at, length);
    return slot.float64;
  }

  /** `length` int32 elements of garbage, valid until the enclosing scope ends. @throws {WorkspaceError} if too little is left. */
  int32(length: number): Int32Array {
    const at = this.take(sizeOfInt32(length));
    const slot = this.slot(at);
    if (slot.int32?.length !== length) slot.int32 = new Int32Array(this.block.buffer, at, length);
    return slot.int32;
  }

  /** Frees the memory in the heap. The workspace must not be used again; a second call does nothing. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.engine.heap.release(this.block);
  }

  private take(bytes: number): number {
    if (this.top + bytes > this.bytes) {
      throw new WorkspaceError(
        "Workspace",
        this.top + bytes,
        this.bytes,
        "size it with the routine's own …Workspace function",
      );
    }
    const at = this.block.byteOffset + this.top;
    this.top += bytes;
    return at;
  }

  private slot(at: number): Views {
    let slot = this.views.get(at);
    if (slot === undefined) {
      slot = {};
      this.views.set(at, slot);
    }
    return slot;
  }
}

/** Checks the workspace of an `…Into` routine. @throws {ArgumentError} */
export function checkWorkspace(operation: string, work: Workspace): void {
  if (typeof (work as Partial<Workspace> | null | undefined)?.scope !== "function") {
    throw new ArgumentError(operation, `expected a Workspace, got ${describe(work)}`);
  }
}
