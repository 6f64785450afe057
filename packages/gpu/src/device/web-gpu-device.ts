import { GpuFailureError, GpuMemoryError, LostContextError } from "../errors.ts";
import type { Device, KernelSource, Storage } from "./device.ts";
import { createKernel, type GpuJs, type RawKernel, type WebGpuContext } from "./gpu-js.ts";
import type { GpuMode } from "./mode.ts";
import { PixelReader } from "./pixel-reader.ts";
import type { GpuBuffer } from "./web-gpu-types.ts";

interface WebGpuKernel extends RawKernel {
  outputBuffer: GpuBuffer | null;
  bindGroupDirty: boolean;
}

/** Row-major float32. Has the fields of gpu.js's own buffer handles, so that its kernels take it as an argument. */
interface WebGpuStorage extends Storage {
  readonly type: "WebGPUBuffer";
  readonly buffer: GpuBuffer;
  readonly output: readonly [number, number];
  readonly componentCount: 1;
  readonly context: WebGpuContext;
}

const wideName = ({ name }: KernelSource): string => `${name}, wide`;

// GPUBufferUsage and GPUMapMode, fixed by the specification.
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const STORAGE = 128;

/** Kernels on WebGPU, writing into buffers that this package owns. Runs are synchronous up to the submission. */
export class WebGpuDevice implements Device<WebGpuStorage> {
  readonly mode: GpuMode = "webgpu";
  readonly groupSize = 1;
  readonly maxElements: number;
  private readonly gpu: GpuJs;
  private readonly context: WebGpuContext;
  private readonly reader: PixelReader;
  private readonly kernels = new Map<string, WebGpuKernel>();
  private failure: Error | undefined;
  private readonly onError = ({ error }: { readonly error: Error }): void => {
    this.failure ??= error;
  };

  constructor(gpu: GpuJs, context: WebGpuContext) {
    this.gpu = gpu;
    this.context = context;
    const { limits } = context.device;
    // Indices are 32-bit integers in WGSL; buffers are bound whole.
    this.maxElements = Math.floor(Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, 2 ** 31) / 4);
    this.reader = new PixelReader(context.device);
    context.device.addEventListener("uncapturederror", this.onError);
  }

  bytesOf(rows: number, cols: number): number {
    return Math.max(4, 4 * rows * cols);
  }

  allocate(rows: number, cols: number): WebGpuStorage {
    const { context } = this;
    const bytes = this.bytesOf(rows, cols);
    this.alive();
    const buffer = context.device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
    return { rows, cols, bytes, type: "WebGPUBuffer", buffer, output: [cols, rows], componentCount: 1, context };
  }

  free({ buffer }: WebGpuStorage): void {
    buffer.destroy();
  }

  upload({ buffer }: WebGpuStorage, values: Float32Array): void {
    this.alive();
    this.context.device.queue.writeBuffer(buffer, 0, values);
  }

  download({ buffer, rows, cols }: WebGpuStorage): Float32Array {
    this.alive();
    return this.reader.read(buffer, rows * cols);
  }

  async downloadAsync({ buffer, bytes, rows, cols }: WebGpuStorage): Promise<Float32Array> {
    this.alive();
    const { device } = this.context;
    const staging = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
    try {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(1);
      return new Float32Array(staging.getMappedRange().slice(0, 4 * rows * cols));
    } catch (error) {
      this.alive();
      throw error;
    } finally {
      staging.destroy();
    }
  }

  run(source: KernelSource, out: WebGpuStorage, matrices: readonly WebGpuStorage[], numbers: readonly number[]): void {
    this.alive();
    const wide = source.wide !== undefined && out.cols % 4 === 0;
    const kernel = this.kernels.get(wide ? wideName(source) : source.name)!;
    kernel.output = [wide ? out.cols / 4 : out.cols, out.rows];
    kernel.outputBuffer = out.buffer;
    kernel.bindGroupDirty = true;
    kernel.run(...matrices, ...numbers);
  }

  /** gpu.js compiles WGSL asynchronously; afterwards a run is synchronous up to the submission. */
  async prepare(sources: readonly KernelSource[]): Promise<void> {
    await Promise.all(
      sources.flatMap((source) => [
        this.build(source.name, source.scalar, "Number", source),
        ...(source.wide === undefined ? [] : [this.build(wideName(source), source.wide, "Array(4)", source)]),
      ]),
    );
  }

  destroy(): void {
    this.context.device.removeEventListener("uncapturederror", this.onError);
    for (const kernel of this.kernels.values()) kernel.outputBuffer = null;
    void this.gpu.destroy();
  }

  private async build(
    name: string,
    text: string,
    returnType: "Number" | "Array(4)",
    { matrices, numbers }: KernelSource,
  ): Promise<void> {
    const { kernel } = createKernel(this.gpu, text, {
      output: [1, 1],
      argumentTypes: [...matrices.map(() => "WebGPUBuffer"), ...numbers.map(() => "Float")],
      returnType,
      pipeline: true,
    });
    await kernel.build(...matrices.map(() => ({ type: "WebGPUBuffer" })), ...numbers.map(() => 0));
    const raw = kernel as WebGpuKernel;
    raw.outputBuffer?.destroy();
    this.kernels.set(name, raw);
  }

  /** Throws the error of an earlier call, if there is one: WebGPU reports errors asynchronously. */
  private alive(): void {
    if (this.context.isLost) throw new LostContextError(this.mode);
    const cause = this.failure;
    if (cause === undefined) return;
    this.failure = undefined;
    if (cause.constructor.name === "GPUOutOfMemoryError") throw new GpuMemoryError("an earlier tensor", { cause });
    throw new GpuFailureError(`an earlier call failed on the device: ${cause.message}`, { cause });
  }
}
