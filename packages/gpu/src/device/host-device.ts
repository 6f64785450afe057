import type { Device, KernelSource, Storage } from "./device.ts";
import { createKernel, type GpuJs, type Kernel } from "./gpu-js.ts";
import type { GpuMode } from "./mode.ts";

interface HostStorage extends Storage {
  readonly data: Float32Array;
  /** Rows of `data` as a kernel's argument: at least one, and not empty. */
  readonly lines: readonly Float32Array[];
}

/** Capacity of gpu.js's cache of WebAssembly modules, one a size; with its default of 8 every step of a small network would recompile. */
const MODULES_PER_KERNEL = 64;

/** Kernels on the CPU, as WebAssembly or JavaScript: for machines without a GPU, and to test against. */
export class HostDevice implements Device<HostStorage> {
  readonly mode: GpuMode;
  readonly groupSize = 1;
  readonly maxElements: number = 2 ** 28;
  private readonly gpu: GpuJs;
  private readonly kernels = new Map<string, Kernel>();

  constructor(gpu: GpuJs, mode: GpuMode) {
    this.gpu = gpu;
    this.mode = mode;
  }

  bytesOf(rows: number, cols: number): number {
    return 4 * rows * cols;
  }

  allocate(rows: number, cols: number): HostStorage {
    const length = Math.max(1, cols);
    const data = new Float32Array(Math.max(1, rows) * length);
    const lines = Array.from({ length: Math.max(1, rows) }, (_, i) => data.subarray(i * length, (i + 1) * length));
    return { rows, cols, bytes: this.bytesOf(rows, cols), data, lines };
  }

  free(): void {}

  upload({ data }: HostStorage, values: Float32Array): void {
    data.set(values);
  }

  download({ data, rows, cols }: HostStorage): Float32Array {
    return data.slice(0, rows * cols);
  }

  downloadAsync(storage: HostStorage): Promise<Float32Array> {
    return Promise.resolve(this.download(storage));
  }

  run(source: KernelSource, out: HostStorage, matrices: readonly HostStorage[], numbers: readonly number[]): void {
    const kernel = this.kernel(source, out);
    kernel.kernel.setOutput([out.cols, out.rows]);
    const result = kernel(...matrices.map(({ lines }) => lines), ...numbers) as Float32Array[];
    for (let i = 0; i < out.rows; i++) out.data.set(result[i]!, i * out.cols);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    void this.gpu.destroy();
  }

  private kernel({ name, scalar, matrices, numbers }: KernelSource, out: HostStorage): Kernel {
    const known = this.kernels.get(name);
    if (known !== undefined) return known;
    const kernel = createKernel(this.gpu, scalar, {
      output: [out.cols, out.rows],
      argumentTypes: [...matrices.map(() => "Array"), ...numbers.map(() => "Float")],
      returnType: "Number",
    });
    kernel.kernel.moduleCacheLimit = MODULES_PER_KERNEL;
    this.kernels.set(name, kernel);
    return kernel;
  }
}
