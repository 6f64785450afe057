import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Chromium's software adapter, as a driver for Vulkan's loader. */
const SOFTWARE = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** WebGPU's entry point in Node, on Chromium's software adapter unless the environment names another driver; or why there is none. */
export async function nodeWebGpu(): Promise<GPU | string> {
  if (process.env["VK_ICD_FILENAMES"] === undefined && existsSync(SOFTWARE)) process.env["VK_ICD_FILENAMES"] = SOFTWARE;
  process.env["XDG_RUNTIME_DIR"] ??= mkdtempSync(join(tmpdir(), "webgpu-"));
  try {
    const { create } = await import("webgpu");
    const entry = create([]);
    if ((await entry.requestAdapter()) === null) return "no adapter (Debian: apt-get install chromium libvulkan1)";
    return entry;
  } catch (error) {
    return `the package webgpu does not load: ${String(error)}`;
  }
}
