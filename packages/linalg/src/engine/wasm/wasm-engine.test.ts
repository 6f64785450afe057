import { inflateRawSync } from "node:zlib";
import { afterEach, expect, test, vi } from "vitest";
import { ArgumentError, UnsupportedError, WorkspaceError } from "../../errors.ts";
import { Heap } from "../heap.ts";
import { createReferenceEngine } from "../reference/reference-engine.ts";
import { instantiateKernels } from "./instantiate.ts";
import { wasmDeflated } from "./kernels.generated.ts";
import type { Kernels } from "./kernels.ts";
import { createWasmEngine } from "./wasm-engine.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.resetModules();
});

/** Compiles nothing, as a runtime without SIMD. */
class RefusingModule {
  constructor() {
    throw new WebAssembly.CompileError("invalid value type 'Simd128'");
  }
}
const withoutSimd = () => vi.stubGlobal("WebAssembly", { ...webAssembly, Module: RefusingModule });
const webAssembly = Object.fromEntries(
  Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name as keyof typeof WebAssembly]]),
);

test("a runtime without SIMD is a typed error with its cause", () => {
  withoutSimd();
  const create = () => createWasmEngine({ bytes: 2 ** 20 });
  expect(create).toThrow(UnsupportedError);
  expect(create).toThrow(expect.objectContaining({ cause: expect.any(WebAssembly.CompileError) }));
});

test("a place that compiles no bytes says what to do, and takes the compiled module", async () => {
  const compiled = new WebAssembly.Module(inflateRawSync(Buffer.from(wasmDeflated, "base64")));
  class ForbiddingModule {
    static [Symbol.hasInstance](value: unknown) {
      return value === compiled;
    }
    constructor() {
      throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
    }
  }
  vi.stubGlobal("WebAssembly", { ...webAssembly, Module: ForbiddingModule });
  expect(() => createWasmEngine({ bytes: 2 ** 20 })).toThrow(/may not be compiled.*'wasm-unsafe-eval'.*kernels\.wasm/);
  const engine = createWasmEngine({ bytes: 2 ** 20 }, compiled);
  const x = engine.heap.float64(3).fill(2);
  expect([engine.name, engine.dot(3, x, 0, x, 0)]).toEqual(["wasm", 12]);
});

test.each<[string, unknown]>([
  ["bytes", new Uint8Array(8)],
  ["an instance", {}],
  ["an empty module", new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))],
])("%s in place of the compiled kernels are refused", (_, module) => {
  expect(() => createWasmEngine({ bytes: 2 ** 20 }, module as object)).toThrow(ArgumentError);
});

test("a compiled module is for heaps that are not shared", () => {
  const compiled = new WebAssembly.Module(inflateRawSync(Buffer.from(wasmDeflated, "base64")));
  expect(() => createWasmEngine({ bytes: 2 ** 20, shared: true }, compiled)).toThrow(/a shared heap/);
});

test("the default engine falls back to the reference engine and says so", async () => {
  withoutSimd();
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { currentEngine } = await import("../current.ts");
  expect(currentEngine().name).toBe("reference");
  expect(currentEngine().name).toBe("reference");
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("reference engine"));
});

test("the default engine is the wasm engine, made once, until another is chosen", async () => {
  const { currentEngine, useEngine } = await import("../current.ts");
  const engine = currentEngine();
  expect(engine.name).toBe("wasm");
  expect(currentEngine()).toBe(engine);
  const other = createReferenceEngine({ bytes: 2 ** 20 });
  useEngine(other);
  expect(currentEngine()).toBe(other);
});

test("engines and modules share one heap", () => {
  const heap = new Heap({ bytes: 2 ** 20 });
  const wasm = createWasmEngine(heap);
  const reference = createReferenceEngine(heap);
  const x = wasm.heap.float32(5).fill(2);
  expect(reference.dot(5, x, 0, x, 0)).toBe(20);
  expect(instantiateKernels<Kernels>(wasmDeflated, heap).dot32(5, x.byteOffset, x.byteOffset)).toBe(20);
});

test("kernels work above two gigabytes", () => {
  const heap = new Heap({ bytes: 2 ** 32 });
  // Taken without zeroing, so that the pages stay uncommitted.
  const low = vi.spyOn(Uint8Array.prototype, "fill").mockReturnThis();
  const block = heap.uint8(2 ** 31);
  low.mockRestore();
  const x = heap.float64(7).fill(3);
  expect(x.byteOffset).toBeGreaterThanOrEqual(2 ** 31);
  const engine = createWasmEngine(heap);
  expect(engine.dot(7, x, 0, x, 0)).toBe(63);
  const y = heap.float64(1);
  engine.gemm(false, true, 1, 1, 7, 1, x, 0, 7, x, 0, 7, 0, y, 0, 1);
  expect(y[0]).toBe(63);
  heap.release(block);
});

test("operands too large for the heap are a typed error", () => {
  const engine = createWasmEngine({ bytes: 2 ** 16 });
  const x = new Float64Array(10_000);
  expect(() => engine.dot(x.length, x, 0, x, 0)).toThrow(WorkspaceError);
});
