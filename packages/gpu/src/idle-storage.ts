import type { Device, Storage } from "./device/device.ts";

/** Memory of disposed tensors, kept for new ones of the same shape up to a limit; the longest idle goes first. */
export class IdleStorage {
  bytes = 0;
  private readonly device: Device;
  private readonly limit: number;
  private readonly byShape = new Map<string, Storage[]>();

  constructor(device: Device, limit: number) {
    this.device = device;
    this.limit = limit;
  }

  take(rows: number, cols: number): Storage | undefined {
    const key = `${rows}x${cols}`;
    const storages = this.byShape.get(key);
    const storage = storages?.pop();
    if (storages?.length === 0) this.byShape.delete(key);
    if (storage !== undefined) this.bytes -= storage.bytes;
    return storage;
  }

  give(storage: Storage): void {
    const key = `${storage.rows}x${storage.cols}`;
    const storages = this.byShape.get(key) ?? [];
    storages.push(storage);
    this.byShape.delete(key);
    this.byShape.set(key, storages);
    this.bytes += storage.bytes;
    while (this.bytes > this.limit) this.drop();
  }

  clear(): void {
    while (this.byShape.size > 0) this.drop();
  }

  private drop(): void {
    const [key, storages] = this.byShape.entries().next().value!;
    const storage = storages.shift()!;
    if (storages.length === 0) this.byShape.delete(key);
    this.bytes -= storage.bytes;
    this.device.free(storage);
  }
}
