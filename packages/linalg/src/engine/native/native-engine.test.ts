import { describeEngine } from "@sumo/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { UnsupportedError } from "../../errors.ts";
import { Heap } from "../../heap.ts";
import { createWasmEngine } from "../wasm/wasm-engine.ts";
import { createAutoEngine } from "./auto-engine.ts";
import { createNativeEngine } from "./native-engine.ts";

const heap = { bytes: 2 ** 26 };
const missing = reasonItIsMissing();

afterEach(() => vi.unstubAllEnvs());

if (missing === undefined) {
  describeEngine("native", () => createNativeEngine(heap));
  describeEngine("native on shared memory", () => createNativeEngine({ ...heap, shared: true }));
} else {
  describe.skip(`engine native: ${missing}`, () => test("is there", () => {}));
}

test.skipIf(missing !== undefined)("native and wasm engines work on one heap", () => {
  const shared = new Heap(heap);
  const [native, wasm] = [createNativeEngine(shared), createWasmEngine(shared)];
  const x = shared.float64(4).fill(3);
  const y = shared.float64(1);
  native.gemm(false, true, 1, 1, 4, 1, x, 0, 4, x, 0, 4, 0, y, 0, 1);
  expect(wasm.dot(1, y, 0, y, 0)).toBe(36 * 36);
});

test("a library that is not there is a typed error that names it", () => {
  vi.stubEnv("SUMO_BLAS", "/nowhere/libblas.so");
  expect(() => createNativeEngine(heap)).toThrow(UnsupportedError);
  expect(() => createNativeEngine(heap)).toThrow("/nowhere/libblas.so");
});

test("a library without the functions is a typed error", () => {
  vi.stubEnv("SUMO_BLAS", process.platform === "linux" ? "libc.so.6" : "not-a-blas");
  expect(() => createNativeEngine(heap)).toThrow(UnsupportedError);
});

test("the automatic choice says what it chose, and why it could not have the native engine", () => {
  const said: string[] = [];
  const announce = (message: string) => said.push(message);
  vi.stubEnv("SUMO_BLAS", "/nowhere/libblas.so");
  expect(createAutoEngine({ heap, announce }).name).toBe("wasm");
  expect(said).toEqual([expect.stringMatching(/^engine wasm, because .*\/nowhere\/libblas\.so/)]);
});

test.skipIf(missing !== undefined)("the automatic choice is the native engine where there is one", () => {
  const announce = vi.fn();
  const engine = createAutoEngine({ heap, announce });
  expect(engine.name).toMatch(/^native/);
  expect(announce).toHaveBeenCalledExactlyOnceWith(`engine ${engine.name}`);
});

function reasonItIsMissing(): string | undefined {
  try {
    createNativeEngine({ bytes: 2 ** 16 });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
