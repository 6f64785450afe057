import { UnsupportedModeError } from "../errors.ts";
import type { GpuBuffer, GpuCanvasContext, GpuDevice } from "./web-gpu-types.ts";

const SIDE = 256;
const BYTES = 4 * SIDE * SIDE;
// GPUTextureUsage and GPUBufferUsage, fixed by the specification.
const COPY_DST = 2;
const BUFFER_COPY_SRC = 4;
const BUFFER_COPY_DST = 8;

/**
 * Reads a WebGPU buffer synchronously. WebGPU itself maps memory only asynchronously, but a canvas can be drawn on another at once:
 * the buffer's bytes become pixels. An opaque canvas gives the three colours as they are, a premultiplied one the alpha.
 */
export class PixelReader {
  private readonly device: GpuDevice;
  private sheets: Sheets | undefined;

  constructor(device: GpuDevice) {
    this.device = device;
  }

  /** The first elements of a buffer. @throws {UnsupportedModeError} where canvases do not give the bytes back. */
  read(buffer: GpuBuffer, elements: number): Float32Array {
    this.sheets ??= this.open();
    return this.copy(this.sheets, buffer, elements);
  }

  private copy([colours, alpha]: Sheets, buffer: GpuBuffer, elements: number): Float32Array {
    const bytes = new Uint8Array(4 * elements);
    for (let start = 0; start < bytes.length; start += BYTES) {
      const count = Math.min(BYTES, bytes.length - start);
      const rgb = this.pixels(colours, buffer, start, count);
      const a = this.pixels(alpha, buffer, start, count);
      for (let i = 0; i < count; i += 4) {
        bytes[start + i] = rgb[i]!;
        bytes[start + i + 1] = rgb[i + 1]!;
        bytes[start + i + 2] = rgb[i + 2]!;
        bytes[start + i + 3] = a[i + 3]!;
      }
    }
    return new Float32Array(bytes.buffer);
  }

  private pixels(
    { surface, context, copy }: Sheet,
    buffer: GpuBuffer,
    start: number,
    bytes: number,
  ): Uint8ClampedArray {
    const elements = bytes / 4;
    const fullRows = Math.floor(elements / SIDE);
    const rest = elements % SIDE;
    const encoder = this.device.createCommandEncoder();
    const texture = context.getCurrentTexture();
    const source = { buffer, offset: start, bytesPerRow: 4 * SIDE };
    if (fullRows > 0) encoder.copyBufferToTexture(source, { texture }, { width: SIDE, height: fullRows });
    if (rest > 0) {
      const offset = start + 4 * SIDE * fullRows;
      const origin = { x: 0, y: fullRows };
      encoder.copyBufferToTexture({ ...source, offset }, { texture, origin }, { width: rest, height: 1 });
    }
    this.device.queue.submit([encoder.finish()]);
    const rows = fullRows + (rest > 0 ? 1 : 0);
    copy.clearRect(0, 0, SIDE, rows);
    copy.drawImage(surface, 0, 0);
    return copy.getImageData(0, 0, SIDE, rows).data;
  }

  /** Some software drivers give black pixels, without an error: a pattern that comes back proves this one. */
  private open(): Sheets {
    const sheets: Sheets = [this.sheet("opaque"), this.sheet("premultiplied")];
    const pattern = Float32Array.of(Math.PI, -1e-30, 0, 1e30);
    const buffer = this.device.createBuffer({ size: pattern.byteLength, usage: BUFFER_COPY_SRC | BUFFER_COPY_DST });
    this.device.queue.writeBuffer(buffer, 0, pattern);
    const back = this.copy(sheets, buffer, pattern.length);
    buffer.destroy();
    if (pattern.every((value, i) => value === back[i])) return sheets;
    throw new UnsupportedModeError("webgpu cannot be read synchronously with this driver; use readAsync() or WebGL");
  }

  private sheet(alphaMode: "opaque" | "premultiplied"): Sheet {
    if (typeof OffscreenCanvas === "undefined") {
      throw new UnsupportedModeError("webgpu cannot be read synchronously here (no OffscreenCanvas); use readAsync()");
    }
    const surface = new OffscreenCanvas(SIDE, SIDE);
    const context = surface.getContext("webgpu") as unknown as GpuCanvasContext | null;
    const copy = new OffscreenCanvas(SIDE, SIDE).getContext("2d", { willReadFrequently: true });
    if (context === null || copy === null) throw new UnsupportedModeError("webgpu cannot be read synchronously here");
    context.configure({ device: this.device, format: "rgba8unorm", usage: COPY_DST, alphaMode });
    return { surface, context, copy };
  }
}

/** A canvas that WebGPU writes, and one that it is drawn on. */
interface Sheet {
  readonly surface: OffscreenCanvas;
  readonly context: GpuCanvasContext;
  readonly copy: OffscreenCanvasRenderingContext2D;
}

type Sheets = readonly [colours: Sheet, alpha: Sheet];
