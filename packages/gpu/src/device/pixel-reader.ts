import { UnsupportedModeError } from "../errors.ts";
import type { GpuBuffer, GpuCanvasContext, GpuDevice } from "./web-gpu-types.ts";

/** Canvas sizes in pixels, one float32 each: the cost of a read depends on the canvas, not on the bytes. Rows are multiples of 256 bytes. */
const SIZES = [
  [64, 16],
  [256, 32],
  [256, 256],
] as const;
// GPUTextureUsage and GPUBufferUsage, fixed by the specification.
const COPY_DST = 2;
const BUFFER_COPY_SRC = 4;
const BUFFER_COPY_DST = 8;

/**
 * Reads a WebGPU buffer synchronously. WebGPU maps memory only asynchronously, but drawing one canvas on another is
 * synchronous, so the buffer's bytes are copied as pixels: colours through an opaque canvas, alpha through a premultiplied one.
 */
export class PixelReader {
  private readonly device: GpuDevice;
  private readonly sheets = new Map<number, Sheets>();

  constructor(device: GpuDevice) {
    this.device = device;
  }

  /** Reads the first elements of a buffer. @throws {UnsupportedModeError} where canvases do not preserve the bytes. */
  read(buffer: GpuBuffer, elements: number): Float32Array {
    const [width, height] = SIZES.find(([w, h]) => w * h >= elements) ?? SIZES.at(-1)!;
    const known = this.sheets.get(width * height);
    const sheets = known ?? this.open(width, height);
    this.sheets.set(width * height, sheets);
    return this.copy(sheets, buffer, elements);
  }

  private copy([colours, alpha]: Sheets, buffer: GpuBuffer, elements: number): Float32Array {
    const bytes = new Uint8Array(4 * elements);
    const sheetBytes = 4 * colours.width * colours.height;
    for (let start = 0; start < bytes.length; start += sheetBytes) {
      const count = Math.min(sheetBytes, bytes.length - start);
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
    { width, surface, context, copy }: Sheet,
    buffer: GpuBuffer,
    start: number,
    bytes: number,
  ): PixelBytes {
    const fullRows = Math.floor(bytes / (4 * width));
    const rest = bytes / 4 - fullRows * width;
    const encoder = this.device.createCommandEncoder();
    const texture = context.getCurrentTexture();
    const source = { buffer, offset: start, bytesPerRow: 4 * width };
    if (fullRows > 0) encoder.copyBufferToTexture(source, { texture }, { width, height: fullRows });
    if (rest > 0) {
      const offset = start + 4 * width * fullRows;
      const origin = { x: 0, y: fullRows };
      encoder.copyBufferToTexture({ ...source, offset }, { texture, origin }, { width: rest, height: 1 });
    }
    this.device.queue.submit([encoder.finish()]);
    const rows = fullRows + (rest > 0 ? 1 : 0);
    copy.clearRect(0, 0, width, rows);
    copy.drawImage(surface, 0, 0);
    return copy.getImageData(0, 0, width, rows).data;
  }

  /** Creates canvases and verifies them with a pattern: some software drivers return black pixels without an error. */
  private open(width: number, height: number): Sheets {
    const sheets: Sheets = [this.sheet(width, height, "opaque"), this.sheet(width, height, "premultiplied")];
    const pattern = Float32Array.of(Math.PI, -1e-30, 0, 1e30);
    const buffer = this.device.createBuffer({ size: pattern.byteLength, usage: BUFFER_COPY_SRC | BUFFER_COPY_DST });
    this.device.queue.writeBuffer(buffer, 0, pattern);
    const back = this.copy(sheets, buffer, pattern.length);
    buffer.destroy();
    if (pattern.every((value, i) => value === back[i])) return sheets;
    throw new UnsupportedModeError("webgpu cannot be read synchronously with this driver; use readAsync() or WebGL");
  }

  private sheet(width: number, height: number, alphaMode: "opaque" | "premultiplied"): Sheet {
    if (typeof OffscreenCanvas === "undefined") {
      throw new UnsupportedModeError("webgpu cannot be read synchronously here (no OffscreenCanvas); use readAsync()");
    }
    const surface = new OffscreenCanvas(width, height);
    const context = surface.getContext("webgpu") as unknown as GpuCanvasContext | null;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null || copy === null) throw new UnsupportedModeError("webgpu cannot be read synchronously here");
    context.configure({ device: this.device, format: "rgba8unorm", usage: COPY_DST, alphaMode });
    return { width, height, surface, context, copy };
  }
}

/** A canvas that WebGPU renders to, and a second one that the first is drawn on. */
interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly surface: OffscreenCanvas;
  readonly context: GpuCanvasContext;
  readonly copy: OffscreenCanvasRenderingContext2D;
}

type Sheets = readonly [colours: Sheet, alpha: Sheet];
type PixelBytes = Uint8ClampedArray;
