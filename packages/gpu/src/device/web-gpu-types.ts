/** WebGPU's interfaces as far as this package uses them; not every version of TypeScript's DOM library has them. */
export interface GpuBuffer {
  readonly size: number;
  /** gpu.js's reference count of its handles. */
  _refs?: number;
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

interface GpuTexture {
  readonly width: number;
}

interface GpuCommandEncoder {
  clearBuffer(buffer: GpuBuffer): void;
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, bytes: number): void;
  copyBufferToTexture(
    from: { buffer: GpuBuffer; offset: number; bytesPerRow: number },
    to: { texture: GpuTexture; origin?: { x: number; y: number } },
    size: { width: number; height: number },
  ): void;
  finish(): object;
}

export interface GpuDevice {
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number };
  readonly queue: {
    submit(commands: readonly object[]): void;
    writeBuffer(buffer: GpuBuffer, offset: number, data: Float32Array): void;
  };
  createBuffer(descriptor: { size: number; usage: number }): GpuBuffer;
  createCommandEncoder(): GpuCommandEncoder;
  addEventListener(type: "uncapturederror", listener: (event: { readonly error: Error }) => void): void;
  removeEventListener(type: "uncapturederror", listener: (event: { readonly error: Error }) => void): void;
}

export interface GpuCanvasContext {
  configure(options: { device: GpuDevice; format: string; usage: number; alphaMode: "opaque" | "premultiplied" }): void;
  getCurrentTexture(): GpuTexture;
}
