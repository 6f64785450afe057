import { describe } from "@sumo/linalg";
import type { Device, Storage } from "../device/device.ts";
import { GpuMemoryError, GpuShapeError, TooLargeError } from "../errors.ts";
import { isSize } from "./row-major.ts";

/** Pool of a device's memory. Released memory is reused for matrices of the same shape; beyond a limit the longest idle is freed. */
export class StoragePool {
  usedBytes = 0;
  idleBytes = 0;
  private readonly device: Device;
  private readonly idleLimit: number;
  private readonly idle = new Map<string, Storage[]>();

  constructor(device: Device, idleLimit: number) {
    this.device = device;
    this.idleLimit = idleLimit;
  }

  /** Acquires memory, with undefined contents. @throws {GpuShapeError} @throws {TooLargeError} @throws {GpuMemoryError} @throws {LostContextError} */
  acquire(rows: number, cols: number): Storage {
    const { device } = this;
    if (!isSize(rows) || !isSize(cols))
      throw new GpuShapeError(`tensor: expected whole sizes, got ${describe(rows)} and ${describe(cols)}`);
    if (rows * cols > device.maxElements || device.bytesOf(rows, cols) > device.bytesOf(1, device.maxElements)) {
      throw new TooLargeError(rows, cols, device.maxElements, device.mode);
    }
    const storage = this.takeIdle(rows, cols) ?? this.allocate(rows, cols);
    this.usedBytes += storage.bytes;
    return storage;
  }

  recycle(storage: Storage): void {
    this.usedBytes -= storage.bytes;
    const key = keyOf(storage);
    const storages = this.idle.get(key) ?? [];
    storages.push(storage);
    this.idle.delete(key);
    this.idle.set(key, storages);
    this.idleBytes += storage.bytes;
    while (this.idleBytes > this.idleLimit) this.freeOldest();
  }

  /** Frees all idle memory. */
  clear(): void {
    while (this.idle.size > 0) this.freeOldest();
  }

  private takeIdle(rows: number, cols: number): Storage | undefined {
    const key = keyOf({ rows, cols });
    const storages = this.idle.get(key);
    const storage = storages?.pop();
    if (storages?.length === 0) this.idle.delete(key);
    if (storage !== undefined) this.idleBytes -= storage.bytes;
    return storage;
  }

  private allocate(rows: number, cols: number): Storage {
    try {
      return this.device.allocate(rows, cols);
    } catch (error) {
      if (!(error instanceof GpuMemoryError) || this.idleBytes === 0) throw error;
      this.clear();
      return this.device.allocate(rows, cols);
    }
  }

  private freeOldest(): void {
    const [key, storages] = this.idle.entries().next().value!;
    const storage = storages.shift()!;
    if (storages.length === 0) this.idle.delete(key);
    this.idleBytes -= storage.bytes;
    this.device.free(storage);
  }
}

const keyOf = ({ rows, cols }: Pick<Storage, "rows" | "cols">): string => `${rows}x${cols}`;
