import { describe } from "@sumo/linalg";
import { ConfigError, GpuFailureError, GpuLostError, GpuUnavailableError, InputError } from "../errors.ts";
import { type Kernel, packNumbers, shaderOf } from "./kernel.ts";

/** WebGPU's usages of buffers; Node has no globals for them. */
const USAGE = { mapRead: 0x1, copyFrom: 0x4, copyTo: 0x8, uniform: 0x40, storage: 0x80 };
const MAP_READ = 1;

/** An array on the device, of float32 or int32 elements; row-major where it is a matrix. */
export interface GpuArray {
  /** Number of elements. */
  readonly length: number;
  /** Their memory. */
  readonly buffer: GPUBuffer;
  /** Elements of `buffer` before the first. */
  readonly offset: number;
}

/** A kernel with its arguments. */
interface Dispatch {
  /** The compiled kernel. */
  readonly pipeline: GPUComputePipeline;
  /** Its arguments. */
  readonly bindings: GPUBindGroup;
  /** Workgroups to run. */
  readonly groups: readonly [x: number, y: number];
}

/** A copy of an array. */
interface Copy {
  readonly from: GpuArray;
  readonly to: GpuArray;
}

/** An array to fill with zeros. */
interface Clear {
  readonly clear: GpuArray;
}

/** Work for the device, to be run any number of times: a run creates no objects there. */
export type Command = Dispatch | Copy | Clear;

/**
 * Opens a GPU through WebGPU, with the largest buffers that its adapter allows.
 *
 * @param webgpu - the entry point of WebGPU. Default: `navigator.gpu`, which pages and workers have. In Node, `create([])` of the package
 * `webgpu`; keep a reference to it as long as the GPU is used.
 * @throws {GpuUnavailableError} where there is no WebGPU, no adapter or no device.
 *
 * @example
 * const gpu = await requestGpu();
 * const x = gpu.upload(Float32Array.of(1, 2, 3, 4));
 * const out = gpu.allocate(4);
 * gpu.run([matmul(gpu, 2, 2, 2, x, x, out)]);
 * await gpu.read(out); // 7, 10, 15, 22
 */
export async function requestGpu(webgpu: GPU | undefined = globalThis.navigator?.gpu): Promise<Gpu> {
  if (typeof webgpu?.requestAdapter !== "function") {
    throw new GpuUnavailableError("requestGpu", `expected WebGPU's entry point, got ${describe(webgpu)}`);
  }
  const adapter = await webgpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new GpuUnavailableError("requestGpu", "expected an adapter, got none: no GPU serves WebGPU");
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  try {
    const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
    return new Gpu(device, nameOf(adapter.info));
  } catch (cause) {
    throw new GpuUnavailableError("requestGpu", `the adapter gives no device: ${String(cause)}`, { cause });
  }
}

const nameOf = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  description || [vendor, architecture, device].filter((part) => part !== "").join(" ") || "unnamed adapter";

/** `length` elements from `from` on of an array, as an array in the same memory. A kernel takes it where `from` is a multiple of 64. */
export function slice({ buffer, offset }: GpuArray, from: number, length: number): GpuArray {
  return { buffer, offset: offset + from, length };
}

const bindingOf = ({ buffer, offset, length }: GpuArray): GPUBufferBinding => ({
  buffer,
  offset: 4 * offset,
  size: 4 * length,
});

/** A GPU with its compiled kernels. See {@link requestGpu}. */
export class Gpu {
  /** Name of the adapter, as far as the runtime tells it. */
  readonly adapter: string;
  private readonly device: GPUDevice;
  private readonly pipelines: Map<string, GPUComputePipeline> = new Map();
  private lost: string | undefined;
  private failure: Error | undefined;

  constructor(device: GPUDevice, adapter: string) {
    this.device = device;
    this.adapter = adapter;
    device.addEventListener("uncapturederror", ({ error }) => {
      this.failure ??= new Error(error.message);
    });
    void device.lost.then(({ message }) => {
      this.lost = message || "no reason given";
    });
  }

  /** Allocates `length` zeros. @throws {InputError} for a length that is not a whole number of at least 1, or above the device's limit. */
  allocate(length: number): GpuArray {
    this.check("allocate");
    const most = this.device.limits.maxStorageBufferBindingSize / 4;
    if (!Number.isSafeInteger(length) || length < 1 || length > most) {
      throw new InputError("allocate", `expected a length from 1 to ${most}, got ${describe(length)}`);
    }
    const usage = USAGE.storage | USAGE.copyFrom | USAGE.copyTo;
    return { length, offset: 0, buffer: this.device.createBuffer({ size: 4 * length, usage }) };
  }

  /** Allocates an array for {@link take}, which commands copy to and no kernel takes. */
  allocateReadBack(length: number): GpuArray {
    this.check("allocateReadBack");
    const usage = USAGE.mapRead | USAGE.copyTo;
    return { length, offset: 0, buffer: this.device.createBuffer({ size: 4 * length, usage }) };
  }

  /** Allocates a copy of `values`. @throws {InputError} as {@link allocate}. */
  upload(values: Float32Array | Int32Array): GpuArray {
    const array = this.allocate(values.length);
    this.write(array, values);
    return array;
  }

  /** array ← values, before the commands that are run later. @throws {InputError} for another length. */
  write(array: GpuArray, values: Float32Array | Int32Array): void {
    this.check("write");
    if (values.length !== array.length) {
      throw new InputError("write", `expected ${array.length} values, got ${values.length}`);
    }
    // WebGPU takes shared memory too, which TypeScript's library does not know.
    this.device.queue.writeBuffer(array.buffer, 4 * array.offset, values as ArrayBufferView<ArrayBuffer>);
  }

  /**
   * Reads an array of float32 once all commands before have ended.
   *
   * @throws {GpuFailureError} if one of them failed. @throws {GpuLostError} if the device was lost.
   */
  async read(array: GpuArray): Promise<Float32Array<ArrayBuffer>> {
    this.check("read");
    const staging = this.allocateReadBack(array.length);
    try {
      this.run([this.copy(array, staging)]);
      let values = new Float32Array(0);
      await this.take([staging], (_, mapped) => {
        values = mapped.slice();
      });
      return values;
    } finally {
      this.release(staging);
    }
  }

  /**
   * Waits for all commands before, then hands out read-back arrays of float32, in order.
   *
   * @param receive - is called with an array's index and its values, which are valid during the call only. Is not called at all if this
   * method throws one of its errors.
   * @throws {GpuFailureError} if a command failed. @throws {GpuLostError} if the device was lost.
   */
  async take(
    arrays: readonly GpuArray[],
    receive: (index: number, values: Float32Array<ArrayBuffer>) => void,
  ): Promise<void> {
    this.check("take");
    try {
      await Promise.all(arrays.map(({ buffer }) => buffer.mapAsync(MAP_READ)));
    } catch (cause) {
      this.check("take");
      throw new GpuLostError("take", String(cause), { cause }); // the promise of the loss may resolve later than this one
    }
    try {
      this.check("take");
      arrays.forEach(({ buffer }, i) => {
        receive(i, new Float32Array(buffer.getMappedRange()));
      });
    } finally {
      for (const { buffer } of arrays) buffer.unmap();
    }
  }

  /** to ← from. @throws {InputError} for different lengths. */
  copy(from: GpuArray, to: GpuArray): Command {
    if (from.length === to.length) return { from, to };
    throw new InputError("copy", `expected equal lengths, got ${from.length} and ${to.length}`);
  }

  /** array ← 0. */
  clear(array: GpuArray): Command {
    return { clear: array };
  }

  /**
   * Binds a kernel to its arguments.
   *
   * @param groups - workgroups to run, in x and y.
   * @throws {ConfigError} for more workgroups than the device runs.
   */
  command<Numbers extends string, Arrays extends string>(
    kernel: Kernel<Numbers, Arrays>,
    numbers: Readonly<Record<Numbers, number>>,
    arrays: Readonly<Record<Arrays, GpuArray>>,
    groups: readonly [x: number, y: number],
  ): Command {
    this.check(kernel.name);
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (Math.max(...groups) > most) {
      throw new ConfigError(kernel.name, `expected at most ${most} workgroups a dimension, got ${groups.join(" x ")}`);
    }
    const pipeline = this.pipeline(kernel);
    const names = Object.keys(kernel.arrays) as Arrays[];
    const bindings = this.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [
        { buffer: this.uniform(packNumbers(kernel, numbers)) },
        ...names.map((name) => bindingOf(arrays[name])),
      ].map((resource, binding) => ({ binding, resource })),
    });
    return { pipeline, bindings, groups };
  }

  /** Runs commands one after another, in one submission. Returns before they end. @throws as {@link read}, for what came before. */
  run(commands: readonly Command[]): void {
    this.check("run");
    const encoder = this.device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined; // copies are outside one
    for (const command of commands) {
      if ("pipeline" in command) {
        pass ??= encoder.beginComputePass();
        pass.setPipeline(command.pipeline);
        pass.setBindGroup(0, command.bindings);
        pass.dispatchWorkgroups(...command.groups);
        continue;
      }
      pass?.end();
      pass = undefined;
      if ("clear" in command) {
        encoder.clearBuffer(command.clear.buffer, 4 * command.clear.offset, 4 * command.clear.length);
      } else {
        const { from, to } = command;
        encoder.copyBufferToBuffer(from.buffer, 4 * from.offset, to.buffer, 4 * to.offset, 4 * to.length);
      }
    }
    pass?.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** Frees an array. It must not be used again. */
  release(array: GpuArray): void {
    array.buffer.destroy();
  }

  /** Gives the device back, with all arrays. The GPU must not be used again: every method throws a {@link GpuLostError}. */
  dispose(): void {
    this.lost = "it was disposed of";
    this.device.destroy();
  }

  private pipeline(kernel: Kernel<string, string>): GPUComputePipeline {
    const known = this.pipelines.get(kernel.name);
    if (known !== undefined) return known;
    const module = this.device.createShaderModule({ label: kernel.name, code: shaderOf(kernel) });
    const pipeline = this.device.createComputePipeline({ label: kernel.name, layout: "auto", compute: { module } });
    this.pipelines.set(kernel.name, pipeline);
    return pipeline;
  }

  private uniform(bytes: ArrayBuffer): GPUBuffer {
    const buffer = this.device.createBuffer({ size: bytes.byteLength, usage: USAGE.uniform, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(bytes));
    buffer.unmap();
    return buffer;
  }

  /** Throws what an earlier call led to: WebGPU reports losses and failures later. */
  private check(operation: string): void {
    if (this.lost !== undefined) throw new GpuLostError(operation, this.lost);
    const cause = this.failure;
    if (cause === undefined) return;
    this.failure = undefined;
    throw new GpuFailureError(operation, `an earlier call failed on the device: ${cause.message}`, { cause });
  }
}
