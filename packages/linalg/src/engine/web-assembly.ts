/** A `WebAssembly.Memory`, declared here because compilers without the DOM's types do not know it. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A `WebAssembly.Module`. */
export type WasmModule = object;
