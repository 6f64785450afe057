import { describeEngine } from "@sumo/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { nativeMissing } from "../../../test/native-missing.ts";
import { NotConvergedError, UnsupportedError } from "../../errors.ts";
import { Heap } from "../heap.ts";
import type { Lapack } from "../lapack.ts";
import { createWasmEngine } from "../wasm/wasm-engine.ts";
import { createAutoEngine } from "./auto-engine.ts";
import type { Blas } from "./blas.ts";
import { openLapack } from "./lapack.ts";
import { createNativeEngine } from "./native-engine.ts";

const heap = { bytes: 2 ** 26 };

afterEach(() => vi.unstubAllEnvs());

if (nativeMissing === undefined) {
  describeEngine("native", () => createNativeEngine(heap));
  describeEngine("native on shared memory", () => createNativeEngine({ ...heap, shared: true }));
} else {
  describe.skip(`engine native: ${nativeMissing}`, () => test("is there", () => {}));
}

test.skipIf(nativeMissing !== undefined)("native and wasm engines work on one heap", () => {
  const shared = new Heap(heap);
  const [native, wasm] = [createNativeEngine(shared), createWasmEngine(shared)];
  const x = shared.float64(4).fill(3);
  const y = shared.float64(1);
  native.gemm(false, true, 1, 1, 4, 1, x, 0, 4, x, 0, 4, 0, y, 0, 1);
  expect(wasm.dot(1, y, 0, y, 0)).toBe(36 * 36);
});

test.skipIf(nativeMissing !== undefined)("OpenBLAS and Accelerate come with LAPACK", () => {
  const { name, lapack } = createNativeEngine(heap);
  expect(lapack !== undefined).toBe(!name.includes("without LAPACK"));
  if (/openblas|Accelerate/.test(name)) expect(lapack).toBeDefined();
});

test("LAPACK's complaints are errors, and no number that is not finite passes", () => {
  const wasm = createWasmEngine(heap);
  const [x, tau, s] = [4, 2, 2].map((length) => wasm.heap.float64(length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  /** A library whose functions do nothing but report `info`. */
  const says = (info: number): Lapack => {
    const report = (...args: unknown[]) => {
      const at = args.findLast((arg) => Array.isArray(arg)) as number[];
      at[0] = info;
    };
    return openLapack({ library: { func: () => report } } as unknown as Blas, wasm)!;
  };
  expect(() => says(2).svd("svd", 2, 2, x, s, undefined)).toThrow(NotConvergedError);
  const unmeasured = expect.objectContaining({ iterations: undefined, residual: undefined });
  expect(() => says(2).svd("svd", 2, 2, x, s, undefined)).toThrow(unmeasured);
  expect(() => says(1).symmetricEigen("eigh", 2, x, s, x)).toThrow(/^eigh: no convergence/);
  expect(() => says(-3).factorRows(2, 2, x, tau)).toThrow("dgeqrf refused its argument 3");
  expect(() => says(0).symmetricEigen("eigh", 2, x, s, x)).not.toThrow();
  x[3] = Number.NaN;
  expect(() => says(0).symmetricEigen("eigh", 2, x, s, x)).toThrow(NotConvergedError);
  tau[1] = Infinity;
  expect(() => says(0).factorRows(2, 2, x, tau)).toThrow("dgeqrf");
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

test.skipIf(nativeMissing !== undefined)("the automatic choice is the native engine where there is one", () => {
  const announce = vi.fn();
  const engine = createAutoEngine({ heap, announce });
  expect(engine.name).toMatch(/^native/);
  expect(announce).toHaveBeenCalledExactlyOnceWith(`engine ${engine.name}`);
});
