import type { GpuMode } from "./mode.ts";

/** Memory of one matrix on a device. */
export interface Storage {
  readonly rows: number;
  readonly cols: number;
  readonly bytes: number;
}

/** A kernel of packed elements as text, in the part of JavaScript that gpu.js translates. */
export interface PackedSource {
  /** Shown in errors. */
  readonly name: string;
  /** Names of the arguments: matrices first, then numbers. */
  readonly matrices: readonly string[];
  readonly numbers: readonly string[];
  /** Four neighbours of a row a thread: `return` an array of four for elements 4x to 4x + 3. What lies beyond the last column must be zero. */
  readonly packed: string;
  /** Functions that `packed` calls with arrays of four for further results of the same shape. */
  readonly further?: readonly string[];
}

/** A kernel that runs in every mode. */
export interface KernelSource extends PackedSource {
  /** One element a thread: `return` a number for element [this.thread.y][this.thread.x]. */
  readonly scalar: string;
  /** The same for elements 4x to 4x + 3 a thread, as an array of four: WebGPU runs it where the columns are a multiple of four. */
  readonly wide?: string;
}

/** One way of running kernels. Matrices are float32; shapes and liveness are checked above. */
export interface Device<S extends Storage = Storage> {
  readonly mode: GpuMode;
  /** Elements of the largest matrix. */
  readonly maxElements: number;
  /** Neighbours of a row that one thread handles: 4 with packed kernels, 1 with scalar ones. */
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
  /** The same, without blocking the page where the mode can. */
  downloadAsync(storage: S): Promise<Float32Array>;
  /** out ← the kernel's result. `out` is none of the inputs. */
  run(source: KernelSource, out: S, matrices: readonly S[], numbers: readonly number[]): void;
  /** outs ← a packed kernel's results, all of one shape, none an input. Only where a thread can write four results. */
  runPacked?(source: PackedSource, outs: readonly S[], matrices: readonly S[], numbers: readonly number[]): void;
  /** Compiles kernels ahead, where they cannot be compiled in the midst of a synchronous call. */
  prepare(sources: readonly KernelSource[]): Promise<void>;
  destroy(): void;
}
