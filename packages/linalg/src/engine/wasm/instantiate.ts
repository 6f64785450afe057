import { UnsupportedError } from "../../errors.ts";
import type { Heap } from "../heap.ts";

/** Encoding of a module's memory import of kind memory (2) with a maximum (1), in bytes: `"env"`, `"memory"`, 2, 1. */
const MEMORY_IMPORT = [3, ...codes("env"), 6, ...codes("memory"), 2, 1];
/** Limits flag of a shared memory with a maximum. */
const SHARED_WITH_MAXIMUM = 3;

/**
 * Instantiates a WebAssembly module on a heap's memory, so that its exports work on the heap's arrays by address (`byteOffset`).
 * Several modules can share one heap: each imports the memory and owns no static data (`scripts/build-wasm.js` sees to both).
 * The same bytes serve a private and a shared memory.
 *
 * @param base64 - the module, as that script writes it.
 * @param instructions - what the module needs beyond WebAssembly 1.0, for the error's message.
 * @returns the exports, as the type that the caller states.
 * @throws {UnsupportedError} where these instructions are missing, or a Content-Security-Policy forbids WebAssembly.
 */
export function instantiateKernels<Kernels>(base64: string, heap: Heap, instructions = "SIMD"): Kernels {
  return instantiateModule(compileKernels(base64, heap, instructions), heap);
}

/** The module of {@link instantiateKernels}, for memories of the kind that `heap` has; workers can instantiate it again. */
export function compileKernels(base64: string, heap: Heap, instructions = "SIMD"): WebAssembly.Module {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (heap.shared) bytes[memoryFlag(bytes)] = SHARED_WITH_MAXIMUM;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    const expected = `expected WebAssembly with ${instructions} (a Content-Security-Policy allows it by 'wasm-unsafe-eval')`;
    throw new UnsupportedError("instantiateKernels", expected, { cause });
  }
}

export function instantiateModule<Kernels>(module: WebAssembly.Module, heap: Heap): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory: heap.memory } });
  return exports as Kernels;
}

/** Offset of the limits flag of the imported memory. */
function memoryFlag(bytes: Uint8Array): number {
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, j) => bytes[i + j] === byte));
  return at + MEMORY_IMPORT.length - 1;
}

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
