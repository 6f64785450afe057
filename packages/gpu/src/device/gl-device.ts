import { GpuMemoryError, LostContextError } from "../errors.ts";
import type { Device, KernelSource, PackedSource, Storage } from "./device.ts";
import { type TranslatedKernel, useDirectFetch } from "./direct-fetch.ts";
import { createKernel, type GpuJs, type RawKernel } from "./gpu-js.ts";
import type { GpuMode } from "./mode.ts";

type GL = WebGLRenderingContext | WebGL2RenderingContext;

/** gpu.js's wrapper of a WebGL texture: the type of a kernel's arguments and of its render target. */
interface Texture {
  readonly texture: WebGLTexture;
  readonly size: Int32Array;
}

type TextureConstructor = new (settings: object) => Texture;

interface GLKernel extends RawKernel, TranslatedKernel {
  readonly context: GL;
  readonly TextureConstructor: TextureConstructor;
  texSize: Int32Array;
  maxTexSize: Int32Array;
  texture: Texture;
  _textureSwitched: boolean;
  readonly framebuffer: WebGLFramebuffer;
  mappedTextures: Texture[] | null;
  drawBuffersMap: number[] | null;
}

/** Texture of RGBA texels, four adjacent elements of a row each, row-major; folded to a smaller width where rows are too wide. */
interface GLStorage extends Storage {
  readonly groups: number;
  readonly width: number;
  readonly height: number;
  readonly texture: Texture;
}

const BYTES_PER_TEXEL = 16;
/** Largest index: kernels compute indices in float32, which is exact for whole numbers up to 2²⁴. */
const MAX_TEXELS = 2 ** 24;

/** Kernels on WebGL, WebGL2 and headless GL, four elements a thread, rendering into textures that this package owns. */
export class GLDevice implements Device<GLStorage> {
  readonly mode: GpuMode;
  readonly groupSize = 4;
  readonly maxElements: number;
  readonly runPacked?: NonNullable<Device<GLStorage>["runPacked"]>;
  private readonly gpu: GpuJs;
  private readonly gl: GL;
  private readonly maxSide: number;
  private readonly seed: GLKernel;
  private readonly framebuffer: WebGLFramebuffer;
  private readonly kernels = new Map<string, GLKernel>();

  constructor(gpu: GpuJs, mode: GpuMode) {
    this.gpu = gpu;
    this.mode = mode;
    // A texture's class is not exported; the first kernel's result has it.
    const seed = createKernel(gpu, "function (value) { return [value, value, value, value]; }", {
      output: [2, 2],
      argumentTypes: ["Float"],
      returnType: "Array(4)",
      pipeline: true,
    });
    seed(0);
    this.seed = seed.kernel as GLKernel;
    this.gl = this.seed.context;
    this.framebuffer = this.gl.createFramebuffer()!;
    this.maxSide = this.gl.getParameter(this.gl.MAX_TEXTURE_SIZE) as number;
    this.maxElements = 4 * Math.min(MAX_TEXELS, this.maxSide ** 2);
    if (drawBuffers(this.gl) >= 4 && this.rendersToFour()) this.runPacked = (...args) => this.launch(...args);
  }

  /** Whether a thread can write four float textures; not every GPU can. */
  private rendersToFour(): boolean {
    const { gl } = this;
    const targets = [0, 1, 2, 3].map(() => this.allocate(1, 1));
    targets.forEach(({ texture }, i) => {
      this.attach(this.framebuffer, i, texture.texture);
    });
    const complete = gl.checkFramebufferStatus(gl.FRAMEBUFFER) === gl.FRAMEBUFFER_COMPLETE;
    targets.forEach((target, i) => {
      this.attach(this.framebuffer, i, null);
      this.free(target);
    });
    return complete;
  }

  bytesOf(rows: number, cols: number): number {
    const { width, height } = this.layout(rows, cols);
    return width * height * BYTES_PER_TEXEL;
  }

  allocate(rows: number, cols: number): GLStorage {
    const { gl } = this;
    this.alive();
    const { groups, width, height } = this.layout(rows, cols);
    const bytes = width * height * BYTES_PER_TEXEL;
    const handle = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, handle);
    // A fetch beyond the last row is clamped to it, so that it never reads another column.
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    for (const end of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, end, gl.NEAREST);
    const format = "RGBA32F" in gl ? gl.RGBA32F : gl.RGBA;
    gl.texImage2D(gl.TEXTURE_2D, 0, format, width, height, 0, gl.RGBA, gl.FLOAT, null);
    const error = gl.getError();
    if (handle === null || error !== gl.NO_ERROR) {
      gl.deleteTexture(handle);
      this.alive();
      throw new GpuMemoryError(`${bytes} bytes more`, { cause: new Error(`GL error ${error}`) });
    }
    const texture = new this.seed.TextureConstructor({
      texture: handle,
      size: Int32Array.of(width, height),
      dimensions: [groups, rows, 1],
      output: [groups, rows],
      context: gl,
      internalFormat: format,
      textureFormat: gl.RGBA,
      kernel: this.seed,
    });
    return { rows, cols, groups, width, height, bytes, texture };
  }

  free({ texture }: GLStorage): void {
    // An unbound framebuffer keeps its attached textures alive.
    for (const kernel of this.kernels.values()) {
      [kernel.texture, ...(kernel.mappedTextures ?? [])].forEach((attached, i) => {
        if (attached === texture) this.attach(kernel.framebuffer, i, null);
      });
    }
    this.attach(this.framebuffer, 0, null);
    this.gl.deleteTexture(texture.texture);
  }

  private attach(framebuffer: WebGLFramebuffer, index: number, texture: WebGLTexture | null): void {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + index, gl.TEXTURE_2D, texture, 0);
  }

  upload(storage: GLStorage, values: Float32Array): void {
    const { gl } = this;
    this.alive();
    const { rows, cols, groups, width, height } = storage;
    const exact = cols % 4 === 0 && width * height === groups * rows;
    const texels = exact ? values : new Float32Array(4 * width * height);
    if (!exact) {
      for (let i = 0; i < rows; i++) texels.set(values.subarray(i * cols, (i + 1) * cols), 4 * groups * i);
    }
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, storage.texture.texture);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA, gl.FLOAT, texels);
  }

  download(storage: GLStorage): Float32Array {
    const { gl } = this;
    this.alive();
    const { width, height } = storage;
    const texels = new Float32Array(4 * width * height);
    this.attach(this.framebuffer, 0, storage.texture.texture);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.FLOAT, texels);
    this.alive();
    return unpacked(storage, texels);
  }

  downloadAsync(storage: GLStorage): Promise<Float32Array> {
    return Promise.resolve(this.download(storage));
  }

  run(source: KernelSource, out: GLStorage, matrices: readonly GLStorage[], numbers: readonly number[]): void {
    this.launch(source, [out], matrices, numbers);
  }

  private launch(
    source: PackedSource,
    outs: readonly GLStorage[],
    matrices: readonly GLStorage[],
    numbers: readonly number[],
  ): void {
    this.alive();
    const [out, ...further] = outs as readonly [GLStorage, ...GLStorage[]];
    const args = [...matrices.map(({ texture }) => texture), ...numbers];
    const folded = matrices.some(({ groups, width }) => groups !== width);
    const kernel = this.kernel(source, folded, outs, args);
    const { gl } = this;
    // gpu.js's own change of size, without its new texture and its resized canvas.
    kernel.output = [out.groups, out.rows];
    kernel.threadDim = [out.groups, out.rows, 1];
    kernel.texSize = out.texture.size;
    kernel.maxTexSize = out.texture.size;
    kernel.texture = out.texture;
    kernel._textureSwitched = true;
    gl.viewport(0, 0, out.width, out.height);
    if (further.length > 0) kernel.mappedTextures = further.map(({ texture }) => texture);
    further.forEach(({ texture }, i) => {
      this.attach(kernel.framebuffer, i + 1, texture.texture);
    });
    kernel.run(...args);
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    this.gl.deleteFramebuffer(this.framebuffer);
    void this.gpu.destroy();
  }

  private kernel(source: PackedSource, folded: boolean, outs: readonly GLStorage[], args: unknown[]): GLKernel {
    const { packed, matrices, numbers, further = [] } = source;
    const name = folded ? `${source.name}, folded` : source.name;
    const known = this.kernels.get(name);
    if (known !== undefined) return known;
    const { kernel } = createKernel(this.gpu, packed, {
      output: [1, 1],
      argumentTypes: [...matrices.map(() => "ArrayTexture(4)"), ...numbers.map(() => "Float")],
      returnType: "Array(4)",
      pipeline: true,
      ...(further.length > 0 && {
        subKernels: further.map((property) => ({ name: property, property, source: echo(property) })),
      }),
    });
    const raw = kernel as GLKernel;
    raw.texture = outs[0]!.texture;
    if (further.length > 0) {
      raw.mappedTextures = outs.slice(1).map(({ texture }) => texture);
      raw.drawBuffersMap = outs.map((_, i) => this.gl.COLOR_ATTACHMENT0 + i);
    }
    if (!folded) useDirectFetch(raw);
    raw.build(...args);
    this.kernels.set(name, raw);
    return raw;
  }

  private layout(rows: number, cols: number): { groups: number; width: number; height: number } {
    const groups = Math.max(1, Math.ceil(cols / 4));
    const texels = Math.max(1, groups * rows);
    if (groups <= this.maxSide && rows <= this.maxSide) return { groups, width: groups, height: Math.max(1, rows) };
    return { groups, width: this.maxSide, height: Math.ceil(texels / this.maxSide) };
  }

  private alive(): void {
    if (this.gl.isContextLost()) throw new LostContextError(this.mode);
  }
}

/** Source of a function that makes its argument a further result of the calling kernel. */
const echo = (name: string): string => `function ${name}(value) { return value; }`;

/** Number of results that a thread can write. */
function drawBuffers(gl: GL): number {
  if ("MAX_DRAW_BUFFERS" in gl) return gl.getParameter(gl.MAX_DRAW_BUFFERS) as number;
  const extension = gl.getExtension("WEBGL_draw_buffers");
  return extension === null ? 1 : (gl.getParameter(extension.MAX_DRAW_BUFFERS_WEBGL) as number);
}

function unpacked({ rows, cols, groups }: GLStorage, texels: Float32Array): Float32Array {
  if (cols % 4 === 0) return texels.length === rows * cols ? texels : texels.slice(0, rows * cols);
  const values = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const from = 4 * groups * i;
    values.set(texels.subarray(from, from + cols), i * cols);
  }
  return values;
}
