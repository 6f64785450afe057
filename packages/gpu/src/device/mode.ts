import { UnsupportedModeError } from "../errors.ts";
import { loadGpuJs } from "./gpu-js.ts";

/** How kernels run: on the GPU through WebGPU or WebGL (headless in Node), or on the CPU as WebAssembly or plain JavaScript. */
export type GpuMode = "webgpu" | "webgl2" | "webgl" | "headlessgl" | "webasm" | "cpu";

/** Fastest first: packed kernels on WebGL do four times the work a memory access of the scalar ones on WebGPU. */
const ORDER: readonly GpuMode[] = ["webgl2", "webgl", "headlessgl", "webgpu", "webasm", "cpu"];

/** The modes that run here, best first. Asks for an adapter and for contexts, so that what is listed works. */
export async function availableModes(): Promise<GpuMode[]> {
  const { GPU } = await loadGpuJs();
  const supported: Record<GpuMode, boolean> = {
    webgl2: GPU.isWebGL2Supported,
    webgl: GPU.isWebGLSupported,
    headlessgl: GPU.isHeadlessGLSupported,
    webgpu: await GPU.isWebGPUAvailable(),
    webasm: GPU.isWebAssemblySupported && compiles(() => new WebAssembly.Module(EMPTY_MODULE)),
    cpu: compiles(() => new Function("return 0")),
  };
  return ORDER.filter((mode) => supported[mode]);
}

/** The wanted mode, or all that run here, best first. @throws {UnsupportedModeError} with the modes that would do. */
export async function candidateModes(wanted: GpuMode | undefined): Promise<GpuMode[]> {
  const modes = await availableModes();
  if (wanted === undefined && modes.length > 0) return modes;
  if (wanted !== undefined && modes.includes(wanted)) return [wanted];
  throw new UnsupportedModeError(`mode ${String(wanted)} does not run here; available: ${modes.join(", ") || "none"}`);
}

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** A Content-Security-Policy may forbid code made at run time. */
function compiles(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
