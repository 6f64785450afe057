import { UnsupportedModeError } from "../errors.ts";
import { ALL_KERNELS } from "../kernels/index.ts";
import type { Device } from "./device.ts";
import { GLDevice } from "./gl-device.ts";
import { type Library, loadGpuJs } from "./gpu-js.ts";
import { HostDevice } from "./host-device.ts";
import { candidateModes, type GpuMode } from "./mode.ts";
import { WebGpuDevice } from "./web-gpu-device.ts";

/** Creates a device of the wanted mode, else of the best available one. @throws {UnsupportedModeError} */
export async function createDevice(wanted: GpuMode | undefined): Promise<Device> {
  const library = await loadGpuJs();
  const failures: string[] = [];
  let cause: unknown;
  for (const mode of await candidateModes(wanted)) {
    try {
      const device = await openDevice(library, mode);
      await device.prepare(ALL_KERNELS);
      return device;
    } catch (error) {
      // An available context may still lack float textures.
      cause = error;
      failures.push(`${mode} does not start: ${String(error)}`);
    }
  }
  throw new UnsupportedModeError(failures.join("; "), { cause });
}

async function openDevice(library: Library, mode: GpuMode): Promise<Device> {
  const gpu = new library.GPU({ mode });
  const device =
    mode === "webgpu"
      ? new WebGpuDevice(gpu, await library.WebGPUContext.acquire())
      : mode === "webasm" || mode === "cpu"
        ? new HostDevice(gpu, mode)
        : new GLDevice(gpu, mode);
  // Each device has its own storage type, and receives only storages that it allocated.
  return device as unknown as Device;
}
