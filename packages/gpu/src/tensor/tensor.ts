import { describe, type Matrix, type MatrixLike, matrix } from "@sumo/linalg";
import type { KernelSource, PackedSource } from "../device/device.ts";
import { GpuShapeError } from "../errors.ts";
import { reshapeKernel } from "../kernels/copy-kernels.ts";
import { isSize, rowMajor } from "./row-major.ts";

/** Largest number of elements that `reshape` can index on the device: float32 indices are exact up to here. */
const MAX_COUNTED = 2 ** 24;

/** Host's cache of a tensor's norm, and those of its rows and columns. */
export interface Norms {
  whole?: number;
  rows?: Float64Array;
  columns?: Float64Array;
}

/** A tensor's GPU, as tensors and operations use it; implemented by `Gpu`. */
export interface TensorGpu {
  /** Elements of a row that one thread of a kernel handles. */
  readonly groupSize: number;
  /** Whether a thread can write four results, which {@link runPacked} requires. */
  readonly writesFour: boolean;
  bytesOf(rows: number, cols: number): number;
  /** Allocates a tensor with undefined contents. */
  empty(rows: number, cols: number): GpuTensor;
  tensor(source: MatrixLike): GpuTensor;
  tensor(values: ArrayLike<number>, rows: number, cols: number): GpuTensor;
  zeros(rows: number, cols: number): GpuTensor;
  scope<R>(body: () => R): R;
  keep(tensor: GpuTensor): GpuTensor;
  holds(tensor: GpuTensor): boolean;
  /** Refuses operands that this GPU does not hold. @throws {GpuArgumentError} @throws {GpuShapeError} @throws {DisposedTensorError} */
  check(operation: string, tensors: readonly GpuTensor[]): void;
  release(tensor: GpuTensor): void;
  write(tensor: GpuTensor, values: Float32Array): void;
  read(tensor: GpuTensor): Float32Array;
  readAsync(tensor: GpuTensor): Promise<Float32Array>;
  /** Cached norms, which need no read-back. Added norms stay cached until the next write to the tensor. */
  norms(tensor: GpuTensor): Norms;
  /** {@link norms}, after the announced read-back if there is one. */
  announcedNorms(tensor: GpuTensor): Norms;
  /** out ← a, of one shape. */
  copy(out: GpuTensor, a: GpuTensor): void;
  /** out ← the kernel's result; `out` may be an input. */
  run(source: KernelSource, out: GpuTensor, inputs: readonly GpuTensor[], numbers?: readonly number[]): void;
  /** out and further ← the kernel's results; `out` may be an input. */
  runPacked(
    source: PackedSource,
    outs: readonly [GpuTensor, ...GpuTensor[]],
    inputs: readonly GpuTensor[],
    numbers: readonly number[],
  ): void;
}

/**
 * A float32 matrix on a `Gpu` (a vector is one row or one column). Its memory is released by `dispose`,
 * by `using`, or at the end of the scope it was created in.
 */
export class GpuTensor {
  readonly gpu: TensorGpu;
  readonly rows: number;
  readonly cols: number;

  /** Use `gpu.tensor` or `gpu.zeros`. */
  constructor(gpu: TensorGpu, rows: number, cols: number) {
    this.gpu = gpu;
    this.rows = rows;
    this.cols = cols;
  }

  get shape(): readonly [rows: number, cols: number] {
    return [this.rows, this.cols];
  }

  /** On the device, padding included. */
  get bytes(): number {
    return this.gpu.bytesOf(this.rows, this.cols);
  }

  get disposed(): boolean {
    return !this.gpu.holds(this);
  }

  /** The elements, row-major. Waits for the GPU. @throws {DisposedTensorError} @throws {LostContextError} */
  read(): Float32Array {
    return this.gpu.read(this);
  }

  /** `read` without blocking on WebGPU; other modes wait. */
  readAsync(): Promise<Float32Array> {
    return this.gpu.readAsync(this);
  }

  /** Copies the tensor to a matrix of `@sumo/linalg`. Waits for the GPU. */
  toMatrix(): Matrix<Float32Array> {
    return matrix(this.rows, this.cols, this.read());
  }

  /** this ← values, row-major. @throws {GpuShapeError} if they are not rows · cols many. */
  write(values: ArrayLike<number>): void {
    this.gpu.write(this, rowMajor("write", values, this.rows, this.cols).values);
  }

  /** A copy. Owned by the innermost open scope, else by the caller. */
  clone(): GpuTensor {
    this.gpu.check("clone", [this]);
    const copy = this.gpu.empty(this.rows, this.cols);
    this.gpu.copy(copy, this);
    return copy;
  }

  /**
   * A copy of the elements in row-major order in another shape. Owned by the innermost open scope, else by the caller.
   * More than 2^24 elements go through the CPU.
   *
   * @throws {GpuShapeError} if the number of elements differs.
   */
  reshape(rows: number, cols: number): GpuTensor {
    this.gpu.check("reshape", [this]);
    if (!isSize(rows) || !isSize(cols) || rows * cols !== this.rows * this.cols) {
      const wanted = `${describe(rows)} x ${describe(cols)}`;
      throw new GpuShapeError(`reshape: ${this.rows} x ${this.cols} does not have ${wanted} elements`);
    }
    if (this.cols === cols) return this.clone();
    if (rows * cols > MAX_COUNTED) return this.gpu.tensor(this.read(), rows, cols);
    const out = this.gpu.empty(rows, cols);
    this.gpu.run(reshapeKernel, out, [this], [cols, this.cols]);
    return out;
  }

  /** Releases the memory. Any later use throws, except disposing again, which does nothing. */
  dispose(): void {
    this.gpu.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
