import { UnsupportedModeError } from "../errors.ts";
import { ALL_KERNELS } from "../kernels/index.ts";
import { chooseMode, type GpuMode } from "../mode.ts";
import type { Device } from "./device.ts";
import { GLDevice } from "./gl-device.ts";
import { loadGpuJs } from "./gpu-js.ts";
import { HostDevice } from "./host-device.ts";
import { WebGpuDevice } from "./web-gpu-device.ts";

/** A device of the wanted mode, else of the best. @throws {UnsupportedModeError} */
export async function createDevice(wanted: GpuMode | undefined): Promise<Device> {
  const library = await loadGpuJs();
  const mode = await chooseMode(wanted);
  try {
    const gpu = new library.GPU({ mode });
    const device =
      mode === "webgpu"
        ? new WebGpuDevice(gpu, await library.WebGPUContext.acquire())
        : mode === "webasm" || mode === "cpu"
          ? new HostDevice(gpu, mode)
          : new GLDevice(gpu, mode);
    await device.prepare(ALL_KERNELS);
    // The storage type is the device's own affair: it only ever gets back what it allocated.
    return device as unknown as Device;
  } catch (cause) {
    throw new UnsupportedModeError(`mode ${mode} does not start: ${String(cause)}`, { cause });
  }
}
