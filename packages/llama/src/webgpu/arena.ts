import type { Lengths } from "../memory/blocks.ts";
import type { Gpu, GpuArray } from "./gpu.ts";

/** Named arrays that are allocated together. */
export type GpuBlocks<Name extends string> = Readonly<Record<Name, GpuArray>>;

/** Arrays of a GPU that are allocated one by one and released together. */
export class GpuArena {
  private readonly gpu: Gpu;
  private readonly arrays: GpuArray[] = [];

  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** Runs `body`, which allocates. If it throws, its arrays are released. */
  static allocate<R>(gpu: Gpu, body: (arena: GpuArena) => R): R {
    const arena = new GpuArena(gpu);
    try {
      return body(arena);
    } catch (error) {
      arena.release();
      throw error;
    }
  }

  /** An array of `length` zeros. @throws {InputError} above the device's limit. */
  array(length: number): GpuArray {
    return this.keep(this.gpu.allocate(length));
  }

  /** A copy of `values`. @throws {InputError} as {@link array}. */
  upload(values: Float32Array): GpuArray {
    return this.keep(this.gpu.upload(values));
  }

  /** An array for `Gpu.take`. */
  readBack(length: number): GpuArray {
    return this.keep(this.gpu.allocateReadBack(length));
  }

  /** One array a name, of one element where the length is 0: WebGPU has no empty bindings. */
  blocks<Name extends string>(lengths: Lengths<Name>): GpuBlocks<Name> {
    const blocks: Partial<Record<Name, GpuArray>> = {};
    for (const name in lengths) blocks[name] = this.array(Math.max(1, lengths[name]));
    return blocks as GpuBlocks<Name>;
  }

  /** Releases every array. */
  release(): void {
    for (const array of this.arrays.splice(0)) this.gpu.release(array);
  }

  private keep(array: GpuArray): GpuArray {
    this.arrays.push(array);
    return array;
  }
}
