import { describe, type MatrixLike } from "@sumo/linalg";
import { checkOptions, notTensor } from "../arguments.ts";
import { createDevice } from "../device/create-device.ts";
import type { Device, KernelSource, PackedSource, Storage } from "../device/device.ts";
import type { GpuMode } from "../device/mode.ts";
import { DisposedTensorError, GpuArgumentError, GpuOptionError, GpuShapeError } from "../errors.ts";
import { scaleKernel } from "../kernels/elementwise-kernels.ts";
import type { ReadHook } from "./read-hook.ts";
import { isSize, rowMajor } from "./row-major.ts";
import { Scopes } from "./scopes.ts";
import { StoragePool } from "./storage-pool.ts";
import { GpuTensor, type Norms, type TensorGpu } from "./tensor.ts";

/** Options of {@link createGpu}. */
export interface GpuOptions {
  /** Default: the best of `availableModes()`. */
  readonly mode?: GpuMode;
  /** Largest pool of memory of disposed tensors, in bytes. New tensors of the same shape reuse it. Default 256 MiB. */
  readonly idleBytes?: number;
}

/** Memory that the tensors of a GPU take. */
export interface GpuMemory {
  /** Number of tensors that are not disposed of. */
  readonly tensors: number;
  /** Bytes of those tensors on the device, padding included. */
  readonly bytes: number;
  /** Bytes in the pool of memory for new tensors. */
  readonly idleBytes: number;
}

/**
 * Opens a GPU. On WebGPU this compiles all kernels; on WebGL each kernel is compiled when it first runs.
 *
 * @throws {UnsupportedModeError} if the mode does not run on this machine; the message lists those that do.
 *
 * @example
 * const gpu = await createGpu();
 * gpu.mode; // "webgl2"
 */
export async function createGpu(options: GpuOptions = {}): Promise<Gpu> {
  checkOptions("createGpu", options, { mode: "any", idleBytes: "number" });
  const { mode, idleBytes = 2 ** 28 } = options;
  if (!(idleBytes >= 0)) throw new GpuOptionError(`createGpu: idleBytes must be a number >= 0, got ${idleBytes}`);
  return new Gpu(await createDevice(mode), idleBytes);
}

/** A device with its kernels and tensors. Operands of one operation must belong to the same `Gpu`. */
export class Gpu implements TensorGpu {
  private readonly device: Device;
  private readonly pool: StoragePool;
  private readonly held = new Map<GpuTensor, Held>();
  private readonly scopes = new Scopes();
  /** @internal */
  readHook: ReadHook | undefined;
  private waits = 0;
  private disposed = false;

  /** Use {@link createGpu}. */
  constructor(device: Device, idleBytes: number) {
    this.device = device;
    this.pool = new StoragePool(device, idleBytes);
  }

  get mode(): GpuMode {
    return this.device.mode;
  }

  /** Elements of the largest matrix, before rows are padded. */
  get maxElements(): number {
    return this.device.maxElements;
  }

  get memory(): GpuMemory {
    const { usedBytes: bytes, idleBytes } = this.pool;
    return { tensors: this.held.size, bytes, idleBytes };
  }

  /** Number of read-backs; in each the CPU waits for the GPU. */
  get readBacks(): number {
    return this.waits;
  }

  /** Bytes that a `rows × cols` tensor takes. */
  bytesOf(rows: number, cols: number): number {
    if (!isSize(rows) || !isSize(cols)) {
      throw new GpuShapeError(`bytesOf: expected whole sizes, got ${describe(rows)} and ${describe(cols)}`);
    }
    return this.device.bytesOf(rows, cols);
  }

  /**
   * Copies a matrix to the GPU, in float32. Owned by the innermost open scope, else by the caller.
   *
   * @param source - anything with the fields of a two-dimensional `ndarray`, any strides.
   * @throws {TooLargeError} @throws {GpuMemoryError} @throws {LostContextError}
   *
   * @example
   * const a = gpu.tensor(fromRows([[1, 2], [3, 4]]));
   */
  tensor(source: MatrixLike): GpuTensor;
  /** Copies row-major numbers to the GPU, in float32. @throws {GpuShapeError} if they are not rows · cols many. */
  tensor(values: ArrayLike<number>, rows: number, cols: number): GpuTensor;
  tensor(source: MatrixLike | ArrayLike<number>, rows?: number, cols?: number): GpuTensor {
    const matrix = rowMajor("tensor", source, rows, cols);
    const tensor = this.empty(matrix.rows, matrix.cols);
    this.write(tensor, matrix.values);
    return tensor;
  }

  /** A `rows × cols` matrix of zeros. Owned by the innermost open scope, else by the caller. */
  zeros(rows: number, cols: number): GpuTensor {
    const tensor = this.empty(rows, cols);
    this.write(tensor, new Float32Array(rows * cols));
    return tensor;
  }

  /**
   * Runs `body` and disposes of every tensor created in it, except those it returns (itself, or in an array or object),
   * which pass to the enclosing scope, else to the caller. Synchronous only: tensors that a promise creates later belong to no scope.
   *
   * @example
   * const loss = gpu.scope(() => norm(subtract(matmul(w, x), y)));
   */
  scope<R>(body: () => R): R {
    if (typeof body !== "function") throw new GpuArgumentError(`scope: expected a function, got ${describe(body)}`);
    return this.scopes.run(body);
  }

  /** Moves a tensor from its scope to the caller, who must dispose of it. Returns it. */
  keep(tensor: GpuTensor): GpuTensor {
    this.check("keep", [tensor]);
    this.scopes.remove(tensor);
    return tensor;
  }

  /** Frees all tensors and the device. Later calls on either throw. */
  dispose(): void {
    if (this.disposed) return;
    for (const tensor of [...this.held.keys()]) tensor.dispose();
    this.pool.clear();
    this.disposed = true;
    this.device.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  empty(rows: number, cols: number): GpuTensor {
    if (this.disposed) throw new DisposedTensorError("this Gpu was disposed; make a new one with createGpu()");
    const storage = this.pool.acquire(rows, cols);
    const tensor = new GpuTensor(this, rows, cols);
    this.held.set(tensor, { storage, norms: {} });
    this.scopes.add(tensor);
    return tensor;
  }

  /** @internal */
  holds(tensor: GpuTensor): boolean {
    return this.held.has(tensor);
  }

  /** @internal */
  check(operation: string, tensors: readonly GpuTensor[]): void {
    for (const tensor of tensors) this.find(tensor, operation);
  }

  /** @internal */
  release(tensor: GpuTensor): void {
    const held = this.held.get(tensor);
    if (held === undefined) return;
    this.held.delete(tensor);
    this.readHook?.beforeWrite(tensor);
    this.scopes.remove(tensor);
    this.pool.recycle(held.storage);
  }

  /** @internal */
  write(tensor: GpuTensor, values: Float32Array): void {
    const held = this.find(tensor, "write");
    this.readHook?.beforeWrite(tensor);
    held.norms = { whole: frobenius(values) };
    this.device.upload(held.storage, values);
  }

  /** @internal */
  read(tensor: GpuTensor): Float32Array {
    this.check("read", [tensor]);
    this.waits++;
    const download = (a: GpuTensor): Float32Array => this.device.download(this.find(a).storage);
    return this.readHook === undefined ? download(tensor) : this.readHook.read(tensor, download);
  }

  /** @internal */
  readAsync(tensor: GpuTensor): Promise<Float32Array> {
    const { storage } = this.find(tensor, "read");
    this.waits++;
    return this.device.downloadAsync(storage);
  }

  /** @internal */
  norms(tensor: GpuTensor): Norms {
    return this.find(tensor).norms;
  }

  /** @internal */
  announcedNorms(tensor: GpuTensor): Norms {
    this.readHook?.beforeNorm(tensor);
    return this.norms(tensor);
  }

  /** @internal */
  copy(out: GpuTensor, a: GpuTensor): void {
    const norms = { ...this.find(a).norms };
    this.run(scaleKernel, out, [a], [1]);
    this.find(out).norms = norms;
  }

  /** @internal */
  run(source: KernelSource, out: GpuTensor, inputs: readonly GpuTensor[], numbers: readonly number[] = []): void {
    this.into(out, inputs, (target, storages) => this.device.run(source, target, storages, numbers));
  }

  /** @internal */
  get writesFour(): boolean {
    return this.device.runPacked !== undefined;
  }

  /** @internal */
  runPacked(
    source: PackedSource,
    [out, ...further]: readonly [GpuTensor, ...GpuTensor[]],
    inputs: readonly GpuTensor[],
    numbers: readonly number[],
  ): void {
    const rest = further.map((tensor) => this.find(tensor).storage);
    this.into(out, inputs, (target, storages) => this.device.runPacked!(source, [target, ...rest], storages, numbers));
  }

  private into(
    out: GpuTensor,
    inputs: readonly GpuTensor[],
    launch: (target: Storage, inputs: readonly Storage[]) => void,
  ): void {
    const target = this.find(out);
    const storages = inputs.map((input) => this.find(input).storage);
    target.norms = {};
    this.readHook?.beforeWrite(out);
    if (out.rows * out.cols === 0) return;
    if (!storages.includes(target.storage)) {
      launch(target.storage, storages);
      return;
    }
    // A kernel cannot write to its inputs: the result goes to new memory, which then replaces the old.
    const fresh = this.pool.acquire(out.rows, out.cols);
    let spare = fresh;
    try {
      launch(fresh, storages);
      spare = target.storage;
      target.storage = fresh;
    } finally {
      this.pool.recycle(spare);
    }
  }

  /** @internal */
  get groupSize(): number {
    return this.device.groupSize;
  }

  private find(tensor: GpuTensor, operation = "tensor"): Held {
    const held = this.held.get(tensor);
    if (held !== undefined) return held;
    if (!(tensor instanceof GpuTensor)) throw notTensor(operation, tensor);
    if (tensor.gpu !== this) {
      throw new GpuShapeError(`${operation}: tensors of two Gpus cannot go together; read one and upload it`);
    }
    const size = `${tensor.rows} x ${tensor.cols}`;
    throw new DisposedTensorError(
      `${operation}: a disposed ${size} tensor is used; return it from its scope, or dispose it later`,
    );
  }
}

interface Held {
  storage: Storage;
  norms: Norms;
}

function frobenius(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}
