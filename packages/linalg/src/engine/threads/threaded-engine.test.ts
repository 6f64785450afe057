import { Worker } from "node:worker_threads";
import { describeBits, describeEngine } from "@sumo/testing";
import { afterEach, expect, test, vi } from "vitest";
import { eigh } from "../../eigh/eigh.ts";
import { OptionError } from "../../errors.ts";
import { matrix } from "../../matrix/matrix.ts";
import { polar } from "../../polar/polar.ts";
import { qr } from "../../qr/qr.ts";
import { svd } from "../../svd/svd.ts";
import { useEngine } from "../current.ts";
import type { Engine } from "../engine.ts";
import { Heap } from "../heap.ts";
import { compileKernels } from "../wasm/instantiate.ts";
import { wasmDeflated } from "../wasm/kernels.generated.ts";
import { createWasmEngine } from "../wasm/wasm-engine.ts";
import { ThreadPool } from "./thread-pool.ts";
import { createThreadedEngine, type ThreadedEngine } from "./threaded-engine.ts";

const heap = { bytes: 2 ** 26 };

afterEach(() => vi.unstubAllGlobals());

/** An engine whose workers have all started. */
async function started(threads: number): Promise<ThreadedEngine> {
  const engine = createThreadedEngine({ heap, threads });
  await vi.waitUntil(() => engine.idleWorkers === threads - 1, { timeout: 10_000 });
  return engine;
}
const dispose = (engine: ThreadedEngine): void => engine.dispose();

describeEngine("wasm on 3 threads", () => started(3), dispose);
describeBits("wasm on 2 threads", () => started(2), dispose);
describeBits("wasm on 4 threads", () => started(4), dispose);

test("a product is right before the workers have started, and after they have ended", async () => {
  const engine = createThreadedEngine({ heap, threads: 2 });
  const n = 128;
  const a = engine.heap.float64(n * n).fill(1);
  const c = engine.heap.float64(n * n);
  const product = () => engine.gemm(false, false, n, n, n, 1, a, 0, n, a, 0, n, 0, c.fill(0), 0, n);
  product();
  expect(c.every((x) => x === n)).toBe(true);
  await vi.waitUntil(() => engine.idleWorkers === 1);
  engine.dispose();
  expect(engine.idleWorkers).toBe(0);
  product();
  expect(c.every((x) => x === n)).toBe(true);
});

test("factorizations of matrices large enough for two threads have the bits of one", async () => {
  const two = await started(2);
  const data = Float64Array.from({ length: 200 * 160 }, (_, i) => Math.sin(i * i));
  const factors = (engine: Engine): Float64Array[] => {
    useEngine(engine);
    const tall = matrix(200, 160, data);
    const square = matrix(160, 160, data.subarray(0, 160 * 160));
    const [{ q, r }, { u, s, vt }, { values, vectors }] = [qr(tall), svd(tall), eigh(square)];
    return [q.data, r.data, u.data, s, vt.data, values, vectors.data, polar(tall).u.data];
  };
  const expected = factors(createWasmEngine(heap));
  factors(two).forEach((array, i) => {
    expect(array.findIndex((x, j) => !Object.is(x, expected[i]![j]))).toBe(-1);
  });
  two.dispose();
});

test("a parked worker wakes", async () => {
  const engine = await started(2);
  const [n, k] = [512, 64];
  const [a, c] = [engine.heap.float32(n * k).fill(1), engine.heap.float32(n * n)];
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    engine.gemm(false, true, n, n, k, 1, a, 0, k, a, 0, k, 0, c.fill(0), 0, n);
    expect(c.every((x) => x === k)).toBe(true);
  }
  engine.dispose();
});

test("workers take tasks, and one that fails says so and goes on", async () => {
  const shared = new Heap({ bytes: 2 ** 20, shared: true });
  const [x, y] = [shared.float32(4).fill(21), shared.float32(4)];
  const pool = new ThreadPool(shared, 1, compileKernels(wasmDeflated, shared), ["axpby32"]);
  await vi.waitUntil(() => pool.idle === 1);
  const own = vi.fn();
  pool.run([[0, 4, 2, x.byteOffset, 0, y.byteOffset]], own);
  expect(y).toEqual(new Float32Array(4).fill(42));
  expect(own).toHaveBeenCalledOnce();
  expect(() => pool.run([[0, 4, 2, 2 ** 30, 0, y.byteOffset]], own)).toThrow(RangeError);
  expect(pool.idle).toBe(1);
  pool.dispose();
});

test("a worker that was ended from outside is waited for once: the caller does its work", async () => {
  const started: Worker[] = [];
  class Ended extends Worker {
    constructor(...source: ConstructorParameters<typeof Worker>) {
      super(...source);
      started.push(this);
    }
  }
  const modules = vi.spyOn(process, "getBuiltinModule").mockReturnValue({ Worker: Ended });
  const shared = new Heap({ bytes: 2 ** 20, shared: true });
  const [x, y] = [shared.float32(4).fill(21), shared.float32(4)];
  const pool = new ThreadPool(shared, 1, compileKernels(wasmDeflated, shared), ["axpby32"]);
  modules.mockRestore();
  await vi.waitUntil(() => pool.idle === 1);
  await started[0]!.terminate();
  pool.run([[0, 4, 2, x.byteOffset, 0, y.byteOffset]], () => {});
  expect(y).toEqual(new Float32Array(4).fill(42));
  expect(pool.idle).toBe(0);
  pool.dispose();
});

test("options out of range are refused", () => {
  for (const threads of [0, 1.5, Number.NaN]) {
    expect(() => createThreadedEngine({ heap, threads })).toThrow(OptionError);
  }
  expect(() => createThreadedEngine({ heap: new Heap(heap), threads: 2 })).toThrow(OptionError);
});

test("without shared memory it is the plain engine, and says so", () => {
  vi.stubGlobal("SharedArrayBuffer", undefined);
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const engine = createThreadedEngine({ heap, threads: 2 });
  expect([engine.name, engine.heap.shared, engine.idleWorkers]).toEqual(["wasm", false, 0]);
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("cross-origin isolation"));
  warn.mockRestore();
});
