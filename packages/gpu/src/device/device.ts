import type { GpuMode } from "./mode.ts";

/** Memory of one matrix on a device. */
export interface Storage {
  readonly rows: number;
  readonly cols: number;
  readonly bytes: number;
}

/** Source of a kernel on packed elements, in the subset of JavaScript that gpu.js translates. */
export interface PackedSource {
  /** Name for error messages. */
  readonly name: string;
  /** Names of the arguments: matrices first, then numbers. */
  readonly matrices: readonly string[];
  readonly numbers: readonly string[];
  /** Four neighbours of a row a thread: `return` an array of four for elements 4x to 4x + 3. Elements beyond the last column must be zero. */
  readonly packed: string;
  /** Names of functions that `packed` calls, with an array of four, to write further results of the same shape. */
  readonly further?: readonly string[];
}

/** A kernel that runs in every mode. */
export interface KernelSource extends PackedSource {
  /** One element a thread: `return` a number for element [this.thread.y][this.thread.x]. */
  readonly scalar: string;
  /** The same for elements 4x to 4x + 3 a thread, as an array of four: WebGPU runs it where the columns are a multiple of four. */
  readonly wide?: string;
}

/** Runs kernels in one mode. Matrices are float32; the caller checks shapes, and that storages are not released. */
export interface Device<S extends Storage = Storage> {
  readonly mode: GpuMode;
  /** Elements of the largest matrix. */
  readonly maxElements: number;
  /** Adjacent elements of a row that one thread handles: 4 with packed kernels, 1 with scalar ones. */
  readonly groupSize: number;
  /** Bytes that `allocate` would take. */
  bytesOf(rows: number, cols: number): number;
  /** Zeros. @throws {GpuMemoryError} @throws {LostContextError} */
  allocate(rows: number, cols: number): S;
  free(storage: S): void;
  /** storage ← values, row-major. */
  upload(storage: S, values: Float32Array): void;
  /** The elements, row-major. Waits for the device. */
  download(storage: S): Float32Array;
  /** `download` without blocking the page, in modes that can. */
  downloadAsync(storage: S): Promise<Float32Array>;
  /** out ← the kernel's result. `out` is none of the inputs. */
  run(source: KernelSource, out: S, matrices: readonly S[], numbers: readonly number[]): void;
  /** outs ← a packed kernel's results, all of one shape, none an input. Present only on devices where a thread can write four results. */
  runPacked?(source: PackedSource, outs: readonly S[], matrices: readonly S[], numbers: readonly number[]): void;
  /** Compiles kernels in advance, in modes that compile asynchronously. */
  prepare(sources: readonly KernelSource[]): Promise<void>;
  destroy(): void;
}
