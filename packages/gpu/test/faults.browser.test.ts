import { afterEach, describe, expect, test, vi } from "vitest";
import {
  add,
  createGpu,
  DisposedTensorError,
  type Gpu,
  GpuFailureError,
  GpuMemoryError,
  type GpuMode,
  type GpuTensor,
  LostContextError,
  matmul,
  norm,
  scaledAdd,
  slice,
  sum,
  TooLargeError,
  transpose,
  UnsupportedModeError,
} from "../src/index.ts";
import { normal } from "./matrices.ts";

const GL_MODES = ["webgl2", "webgl"] as const;
const prototypeOf = (mode: "webgl2" | "webgl"): WebGLRenderingContext =>
  mode === "webgl2" ? (WebGL2RenderingContext.prototype as WebGLRenderingContext) : WebGLRenderingContext.prototype;

interface Device {
  destroy(): void;
  dispatchEvent(event: Event): boolean;
  readonly lost: Promise<unknown>;
}

/** Opens a Gpu and its WebGL context. */
async function openGL(mode: "webgl2" | "webgl"): Promise<{ gpu: Gpu; gl: WebGLRenderingContext }> {
  const spy = vi.spyOn(prototypeOf(mode), "createFramebuffer");
  const gpu = await createGpu({ mode });
  const gl = spy.mock.contexts.at(-1) as WebGLRenderingContext;
  spy.mockRestore();
  return { gpu, gl };
}

async function openWebGpu(): Promise<{ gpu: Gpu; device: Device }> {
  const gpu = await createGpu({ mode: "webgpu" });
  const library = (await import("gpu.js")) as unknown as {
    default: { WebGPUContext: { acquire(): Promise<{ device: Device }> } };
  };
  return { gpu, device: (await library.default.WebGPUContext.acquire()).device };
}

/** Runs eighty operations, five an iteration. */
function repeated(gpu: Gpu, a: GpuTensor): void {
  gpu.scope(() => {
    let x = a;
    for (let i = 0; i < 16; i++) {
      x = scaledAdd(0.5, matmul(matmul(x, x, { transposeB: true }), a), 0.25, transpose(transpose(x)));
    }
  });
}

/** Expects that the page still works, with a new Gpu. */
async function expectWorking(mode: GpuMode): Promise<void> {
  const gpu = await createGpu({ mode });
  gpu.scope(() => {
    const a = gpu.tensor([1, 2, 3, 4], 2, 2);
    expect(Array.from(matmul(a, a).read())).toEqual([7, 10, 15, 22]);
  });
  gpu.dispose();
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(GL_MODES)("faults on %s", (mode) => {
  test("a lost context is a typed error, and the page goes on", async () => {
    const { gpu, gl } = await openGL(mode);
    const a = gpu.tensor([1, 2, 3, 4], 2, 2);
    gl.getExtension("WEBGL_lose_context")!.loseContext();
    for (const use of [() => a.read(), () => matmul(a, a), () => norm(transpose(a)), () => gpu.zeros(3, 3)]) {
      expect(use).toThrow(LostContextError);
    }
    a.dispose();
    gpu.dispose();
    await expectWorking(mode);
  });

  test("an allocation that fails is a typed error that leaves nothing behind", async () => {
    const { gpu, gl } = await openGL(mode);
    const a = gpu.tensor([1, 2, 3, 4], 2, 2);
    const before = gpu.memory;
    const spy = vi.spyOn(prototypeOf(mode), "getError").mockReturnValue(gl.OUT_OF_MEMORY);
    const deleted = vi.spyOn(prototypeOf(mode), "deleteTexture");
    expect(() => gpu.zeros(64, 64)).toThrow(GpuMemoryError);
    expect(deleted).toHaveBeenCalledOnce();
    expect(gpu.memory).toEqual(before);
    spy.mockRestore();
    expect(Array.from(matmul(a, a).read())).toEqual([7, 10, 15, 22]);
    gpu.dispose();
  });

  test("an allocation that fails is tried again without the idle memory", async () => {
    const { gpu, gl } = await openGL(mode);
    gpu.zeros(8, 8).dispose();
    expect(gpu.memory.idleBytes).toBe(8 * 8 * 4);
    const spy = vi.spyOn(prototypeOf(mode), "getError").mockReturnValueOnce(gl.OUT_OF_MEMORY);
    expect(gpu.zeros(16, 16).read()).toEqual(new Float32Array(256));
    expect(spy).toHaveBeenCalledTimes(2);
    expect(gpu.memory.idleBytes).toBe(0);
    gpu.dispose();
  });

  test("what is freed is not kept alive by a framebuffer", async () => {
    const made = vi.spyOn(prototypeOf(mode), "createFramebuffer");
    const gpu = await createGpu({ mode, idleBytes: 0 });
    gpu.scope(() => {
      const a = gpu.tensor(normal(130, 130, 1));
      expect(Number.isFinite(norm(scaledAdd(1, matmul(a, transpose(a)), -1, a)))).toBe(true);
    });
    const gl = made.mock.contexts.at(-1) as WebGLRenderingContext;
    const attached = made.mock.results.flatMap(({ value }) =>
      [0, 1, 2, 3].map((i) => {
        gl.bindFramebuffer(gl.FRAMEBUFFER, value);
        const point = gl.COLOR_ATTACHMENT0 + i;
        const name = gl.FRAMEBUFFER_ATTACHMENT_OBJECT_NAME;
        const type = gl.getFramebufferAttachmentParameter(gl.FRAMEBUFFER, point, gl.FRAMEBUFFER_ATTACHMENT_OBJECT_TYPE);
        return type === gl.NONE ? null : gl.getFramebufferAttachmentParameter(gl.FRAMEBUFFER, point, name);
      }),
    );
    expect(attached.length).toBeGreaterThan(20);
    expect(attached.filter((texture) => texture !== null && !gl.isTexture(texture))).toEqual([]);
    gpu.dispose();
  });

  test("where a thread cannot write four results, products are computed row by row", async () => {
    const spy = vi.spyOn(prototypeOf(mode), "checkFramebufferStatus").mockReturnValueOnce(0);
    const gpu = await createGpu({ mode });
    expect(spy).toHaveBeenCalledOnce();
    gpu.scope(() => {
      expect(gpu.writesFour).toBe(false);
      const ones = gpu.tensor(new Float32Array(140 * 140).fill(1), 140, 140);
      expect(matmul(ones, ones).read()).toEqual(new Float32Array(140 * 140).fill(140));
    });
    gpu.dispose();
  });

  test("ten thousand operations leave memory flat", async () => {
    const created = vi.spyOn(prototypeOf(mode), "createTexture");
    const deleted = vi.spyOn(prototypeOf(mode), "deleteTexture");
    const gpu = await createGpu({ mode });
    const a = gpu.tensor(normal(6, 8, 1));
    const round = (): void => repeated(gpu, a);
    round();
    const textures = created.mock.calls.length - deleted.mock.calls.length;
    const { memory } = gpu;
    for (let i = 0; i < 125; i++) round();
    expect(created.mock.calls.length - deleted.mock.calls.length).toBe(textures);
    expect(gpu.memory).toEqual(memory);
    expect(Array.from(a.read())).toEqual(Array.from(normal(6, 8, 1).data));
    gpu.dispose();
    expect(created.mock.calls.length - deleted.mock.calls.length).toBeLessThanOrEqual(1);
  });
});

describe("faults on webgpu", () => {
  test("a lost device is a typed error, and the page goes on", async () => {
    const { gpu, device } = await openWebGpu();
    const a = gpu.tensor([1, 2, 3, 4], 2, 2);
    device.destroy();
    await device.lost;
    for (const use of [() => a.read(), () => matmul(a, a), () => gpu.zeros(3, 3)])
      expect(use).toThrow(LostContextError);
    await expect(a.readAsync()).rejects.toThrow(LostContextError);
    gpu.dispose();
    await expectWorking("webgpu");
  });

  test("an allocation that fails is told by the next call", async () => {
    const { gpu, device } = await openWebGpu();
    const a = gpu.zeros(2, 2);
    const error = new GPUOutOfMemoryError("no memory");
    device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
    expect(() => matmul(a, a)).toThrow(GpuMemoryError);
    expect(Array.from(matmul(a, a).read())).toEqual([0, 0, 0, 0]);
    const invalid = new GPUValidationError("not valid");
    device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error: invalid }));
    expect(() => a.read()).toThrow(GpuFailureError);
    gpu.dispose();
    await expectWorking("webgpu");
  });
});

test("ten thousand operations leave WebGPU's memory flat", async () => {
  const created = vi.spyOn(GPUDevice.prototype, "createBuffer");
  const destroyed = vi.spyOn(GPUBuffer.prototype, "destroy");
  const alive = (): number => created.mock.calls.length - destroyed.mock.calls.length;
  const gpu = await createGpu({ mode: "webgpu" });
  const a = gpu.tensor(normal(6, 8, 1));
  const round = (): void => repeated(gpu, a);
  round();
  const [buffers, memory] = [alive(), gpu.memory];
  for (let i = 0; i < 125; i++) round();
  expect(alive()).toBe(buffers);
  expect(gpu.memory).toEqual(memory);
  expect(Array.from(a.read())).toEqual(Array.from(normal(6, 8, 1).data));
  gpu.dispose();
});

describe.each(["webgl2", "webgpu"] as const)("more than 2^24 elements on %s", (mode) => {
  test("are found in their places", async () => {
    const gpu = await createGpu({ mode });
    gpu.scope(() => {
      const size = 4099;
      const values = new Float32Array(size * size);
      const marks = [
        [0, 0],
        [4095, 4095],
        [4096, 1],
        [4098, 4097],
        [4098, 4098],
      ] as const;
      marks.forEach(([i, j], k) => {
        values[i * size + j] = k + 1;
      });
      const a = gpu.tensor(values, size, size);
      const twice = add(a, transpose(transpose(a)));
      marks.forEach(([i, j], k) => {
        expect(Array.from(slice(twice, { rows: [i, 1], cols: [j, 1] }).read())).toEqual([2 * (k + 1)]);
      });
      expect(sum(twice)).toBe(30);
    });
    gpu.dispose();
  });
});

describe.each([...GL_MODES, "webgpu"] as const)("limits on %s", (mode) => {
  test("a matrix over the device's limit is refused before anything is allocated", async () => {
    const gpu = await createGpu({ mode });
    const before = gpu.memory;
    expect(() => gpu.zeros(1, gpu.maxElements + 1)).toThrow(TooLargeError);
    expect(() => gpu.zeros(gpu.maxElements, 2)).toThrow(TooLargeError);
    expect(gpu.memory).toEqual(before);
    // Wider than a texture's side, and therefore folded.
    const long = new Float32Array(70_001).map((_, i) => i % 97);
    gpu.scope(() => {
      const x = gpu.tensor(long, 1, long.length);
      expect(scaledAdd(2, x, -1, x).read()).toEqual(long);
      expect(transpose(x).read()).toEqual(long);
      expect(transpose(transpose(x)).read()).toEqual(long);
      expect(Math.abs(norm(scaledAdd(1, x, 1, x)) / (2 * Math.hypot(...long)) - 1)).toBeLessThan(2 ** -20);
    });
    gpu.dispose();
    expect(() => gpu.zeros(1, 1)).toThrow(DisposedTensorError);
  });
});

test("gpu.js does not take the browser's own GPU class away", async () => {
  await createGpu({ mode: "webgl2" }).then((gpu) => gpu.dispose());
  expect((globalThis as { GPU?: { prototype: object } }).GPU?.prototype).not.toHaveProperty("createKernel");
});

test("the best mode that starts is taken", async () => {
  const best = await createGpu();
  expect(best.mode).toBe("webgl2");
  best.dispose();
  const spy = vi.spyOn(WebGL2RenderingContext.prototype, "createFramebuffer").mockImplementation(() => {
    throw new Error("no float textures");
  });
  const next = await createGpu();
  expect(next.mode).toBe("webgl");
  next.dispose();
  await expect(createGpu({ mode: "webgl2" })).rejects.toThrow(/no float textures/);
  spy.mockRestore();
});

test("a mode that does not run here is refused with those that do", async () => {
  await expect(createGpu({ mode: "headlessgl" })).rejects.toThrow(UnsupportedModeError);
  await expect(createGpu({ mode: "headlessgl" })).rejects.toThrow(/webgl2/);
});

declare class GPUDevice {
  createBuffer(): object;
}
declare class GPUBuffer {
  destroy(): void;
}
declare class GPUOutOfMemoryError extends Error {}
declare class GPUValidationError extends Error {}
declare class GPUUncapturedErrorEvent extends Event {
  constructor(type: string, options: { error: Error });
}
