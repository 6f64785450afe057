import { describe } from "../../arguments.ts";
import { ArgumentError, UnsupportedError } from "../../errors.ts";
import type { Heap } from "../heap.ts";
import type { WasmModule } from "../web-assembly.ts";
import { inflate } from "./inflate.ts";

/** Encoding of a module's memory import of kind memory (2) with a maximum (1), in bytes: `"env"`, `"memory"`, 2, 1. */
const MEMORY_IMPORT = [3, ...codes("env"), 6, ...codes("memory"), 2, 1];
/** Limits flag of a shared memory with a maximum. */
const SHARED_WITH_MAXIMUM = 3;

/**
 * Instantiates a WebAssembly module on a heap's memory, so that its exports work on the heap's arrays by address (`byteOffset`).
 * Several modules can share one heap: each imports the memory and owns no static data (`scripts/build-wasm.js` sees to both).
 * The same bytes serve a private and a shared memory.
 *
 * @param compressed - the module, as that script writes it: a raw DEFLATE stream in base64, half as long as the module itself.
 * @param instructions - what the module needs beyond WebAssembly 1.0, for the error's message.
 * @returns the exports, as the type that the caller states.
 * @throws {UnsupportedError} where these instructions are missing, or WebAssembly may not be compiled from bytes.
 */
export function instantiateKernels<Kernels>(compressed: string, heap: Heap, instructions = "SIMD"): Kernels {
  return instantiateModule(compileKernels(compressed, heap, instructions), heap);
}

/** The module of {@link instantiateKernels}, for memories of the kind that `heap` has; workers can instantiate it again. */
export function compileKernels(compressed: string, heap: Heap, instructions = "SIMD"): WasmModule {
  const bytes = inflate(Uint8Array.from(atob(compressed), (character) => character.charCodeAt(0)));
  if (heap.shared) bytes[memoryFlag(bytes)] = SHARED_WITH_MAXIMUM;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    const message = compilesBytes() ? `expected WebAssembly with ${instructions}` : FORBIDDEN;
    throw new UnsupportedError("instantiateKernels", message, { cause });
  }
}

/** The exports of a compiled module on a heap, for packages with kernels of their own. @throws {ArgumentError} unless it is such a module, and takes the heap's memory. */
export function instantiateModule<Kernels>(module: WasmModule, heap: Heap): Kernels {
  if (!(module instanceof WebAssembly.Module)) {
    throw new ArgumentError("instantiateModule", `expected a WebAssembly.Module, got ${describe(module)}`);
  }
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory: heap.memory as WebAssembly.Memory } });
    return exports as Kernels;
  } catch (cause) {
    if (!(cause instanceof WebAssembly.LinkError)) throw cause;
    const of = heap.shared ? "a shared heap, whose module is compiled from bytes" : "a heap";
    throw new ArgumentError("instantiateModule", `expected a module of kernels for ${of}: ${cause.message}`, { cause });
  }
}

const FORBIDDEN =
  "WebAssembly may not be compiled from bytes here; a Content-Security-Policy allows it by 'wasm-unsafe-eval', " +
  'and on edge runtimes createWasmEngine(heap, module) takes the module that `import` gives for "@sumo/linalg/kernels.wasm"';

/** Whether the shortest of all modules, its magic number and version, compiles. */
function compilesBytes(): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) !== undefined;
  } catch {
    return false;
  }
}

/** Offset of the limits flag of the imported memory. */
function memoryFlag(bytes: Uint8Array): number {
  const at = bytes.findIndex((_, i) => MEMORY_IMPORT.every((byte, j) => bytes[i + j] === byte));
  return at + MEMORY_IMPORT.length - 1;
}

function codes(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
