import { type Matrix, matrix } from "@sumo/linalg";
import { GpuShapeError } from "./errors.ts";
import type { Gpu } from "./gpu.ts";
import { reshapeKernel } from "./kernels/move.ts";
import { rowMajor } from "./row-major.ts";

/** Float32, in which kernels compute places, holds whole numbers up to here. */
const MAX_COUNTED = 2 ** 24;

/**
 * A float32 matrix on a {@link Gpu} (a vector is one row or one column). It holds memory there until it is disposed: by `dispose`,
 * by `using`, or by the scope it was made in.
 */
export class GpuTensor {
  readonly gpu: Gpu;
  readonly rows: number;
  readonly cols: number;

  /** Use `gpu.tensor` or `gpu.zeros`. */
  constructor(gpu: Gpu, rows: number, cols: number) {
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

  /** The same without blocking, on WebGPU; elsewhere it waits. */
  readAsync(): Promise<Float32Array> {
    return this.gpu.readAsync(this);
  }

  /** A copy as a matrix of `@sumo/linalg`. Waits for the GPU. */
  toMatrix(): Matrix<Float32Array> {
    return matrix(this.rows, this.cols, this.read());
  }

  /** this ← values, row-major. @throws {GpuShapeError} if they are not rows · cols many. */
  write(values: ArrayLike<number>): void {
    this.gpu.write(this, rowMajor(values, this.rows, this.cols).values);
  }

  /** A copy. Owned by the innermost open scope, else by the caller. */
  clone(): GpuTensor {
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
    if (rows * cols !== this.rows * this.cols) {
      throw new GpuShapeError(`reshape: ${this.rows} x ${this.cols} does not have ${rows} x ${cols} elements`);
    }
    if (this.cols === cols) return this.clone();
    if (rows * cols > MAX_COUNTED) return this.gpu.tensor(this.read(), rows, cols);
    const out = this.gpu.empty(rows, cols);
    this.gpu.run(reshapeKernel, out, [this], [cols, this.cols]);
    return out;
  }

  /** Gives the memory back. Any use afterwards throws; disposing again does nothing. */
  dispose(): void {
    this.gpu.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
