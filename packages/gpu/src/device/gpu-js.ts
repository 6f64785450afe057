import { UnsupportedModeError } from "../errors.ts";
import type { GpuDevice } from "./web-gpu-types.ts";

/** Fields of a gpu.js kernel object that gpu.js does not declare: those of release 2.24.1, which is pinned for this reason. */
export interface RawKernel {
  built: boolean;
  output: number[] | Int32Array;
  threadDim: number[];
  moduleCacheLimit: number;
  setOutput(output: readonly [number, number]): unknown;
  build(...args: unknown[]): unknown;
  run(...args: unknown[]): unknown;
  destroy(): void;
}

export type Kernel = ((...args: unknown[]) => unknown) & { readonly kernel: RawKernel };

export interface KernelSettings {
  readonly output: readonly [number, number];
  readonly argumentTypes: readonly string[];
  readonly returnType: "Number" | "Array(4)";
  readonly pipeline?: boolean;
  readonly subKernels?: readonly { readonly name: string; readonly property: string; readonly source: string }[];
}

export interface GpuJs {
  readonly context: unknown;
  createKernel(source: string, settings: object): Kernel;
  destroy(): Promise<void>;
}

interface Features {
  readonly isWebGLSupported: boolean;
  readonly isWebGL2Supported: boolean;
  readonly isHeadlessGLSupported: boolean;
  readonly isWebAssemblySupported: boolean;
  isWebGPUAvailable(): Promise<boolean>;
}

export interface Library {
  readonly GPU: Features & (new (settings: { mode: string }) => GpuJs);
  readonly WebGPUContext: { acquire(): Promise<WebGpuContext> };
}

/** The device that gpu.js shares among all its WebGPU kernels. */
export interface WebGpuContext {
  readonly device: GpuDevice;
  readonly isLost: boolean;
}

let loading: Promise<Library> | undefined;

/** Loads gpu.js (640 kB) when the first GPU is created. */
export function loadGpuJs(): Promise<Library> {
  loading ??= importLibrary().catch((cause: unknown) => {
    loading = undefined;
    throw new UnsupportedModeError("gpu.js does not load", { cause });
  });
  return loading;
}

async function importLibrary(): Promise<Library> {
  // Its bundle overwrites the browser's own GPU class.
  const native = Object.getOwnPropertyDescriptor(globalThis, "GPU");
  const module = (await import("gpu.js")) as unknown as { readonly default?: Library } & Library;
  if (native !== undefined) Object.defineProperty(globalThis, "GPU", native);
  return module.default ?? module;
}

/** Creates a kernel with the settings that all kernels of this package share. */
export function createKernel(gpu: GpuJs, source: string, settings: KernelSettings): Kernel {
  const common = { precision: "single", tactic: "precision", dynamicOutput: true, dynamicArguments: true };
  return gpu.createKernel(source, { ...common, ...settings });
}
