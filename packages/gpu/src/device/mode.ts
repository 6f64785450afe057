import { UnsupportedModeError } from "../errors.ts";
import { loadGpuJs } from "./gpu-js.ts";

/** Execution mode of kernels: on the GPU through WebGPU or WebGL (headless in Node), or on the CPU as WebAssembly or plain JavaScript. */
export type GpuMode = "webgpu" | "webgl2" | "webgl" | "headlessgl" | "webasm" | "cpu";

/** Fastest first: packed kernels on WebGL do four times as much work a memory access as scalar ones on WebGPU. */
const ORDER: readonly GpuMode[] = ["webgl2", "webgl", "headlessgl", "webgpu", "webasm", "cpu"];

/** Modes that run on this machine, best first. Requests an adapter and contexts to make sure. */
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

/** The wanted mode, or all that run on this machine, best first. @throws {UnsupportedModeError} that lists the available modes. */
export async function candidateModes(wanted: GpuMode | undefined): Promise<GpuMode[]> {
  const modes = await availableModes();
  if (wanted === undefined && modes.length > 0) return modes;
  if (wanted !== undefined && modes.includes(wanted)) return [wanted];
  throw new UnsupportedModeError(`mode ${String(wanted)} does not run here; available: ${modes.join(", ") || "none"}`);
}

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Whether run-time compilation works: a Content-Security-Policy may forbid it. */
function compiles(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
